import { defineTenant } from '../src/tenant/define.ts'

export default defineTenant({
  organization: 'insurance',
  displayName: 'Insurance',
  size: 'medium',
  owner: 'helene.dubois@bank.example',
  technicalLead: 'piotr.zielinski@bank.example',
  costCentre: 'INS-0815',
  reservation: 'safe',
  teams: {
    'claims-developers': {
      role: 'developer',
      ldapGroup: 'CN=INS-Claims,OU=Groups,DC=bank,DC=example',
      applications: ['claims'],
    },
    'policies-developers': {
      role: 'developer',
      ldapGroup: 'CN=INS-Policies,OU=Groups,DC=bank,DC=example',
      applications: ['policies'],
    },
    'quotes-developers': {
      role: 'developer',
      ldapGroup: 'CN=INS-Quotes,OU=Groups,DC=bank,DC=example',
      applications: ['quotes'],
    },
    operators: { role: 'operator', ldapGroup: 'CN=INS-Operations,OU=Groups,DC=bank,DC=example' },
    releasers: { role: 'release-manager', ldapGroup: 'CN=INS-Release,OU=Groups,DC=bank,DC=example' },
    actuaries: {
      role: 'viewer',
      ldapGroup: 'CN=INS-Actuaries,OU=Groups,DC=bank,DC=example',
      applications: ['quotes', 'policies'],
    },
  },
  offers: { 'run/std': {} },
  applications: {
    claims: {
      environments: ['dev', 'test', 'staging', 'prod'],
      repositories: ['claims-intake', 'claims-desk'],
      secrets: ['database'],
    },
    policies: {
      environments: ['dev', 'test', 'prod'],
      repositories: ['policies'],
      secrets: ['database', 'signing-key'],
    },
    quotes: { environments: ['dev', 'prod'], repositories: ['quotes'] },
  },
  networks: {
    claims: { kind: 'overlay', subnet: '10.64.32.0/26', application: 'claims' },
    policies: { kind: 'overlay', subnet: '10.64.32.64/26', application: 'policies' },
    quotes: { kind: 'overlay', subnet: '10.64.32.128/26', application: 'quotes' },
  },
  volumes: {
    photos: { backend: 'scality', size: '500Gi', application: 'claims', access: 'secured' },
    contracts: { backend: 'nfs', size: '100Gi', application: 'policies' },
  },
})
