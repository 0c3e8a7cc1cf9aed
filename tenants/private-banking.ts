import { defineTenant } from '../src/tenant/define.ts'

export default defineTenant({
  organization: 'private-banking',
  displayName: 'Private Banking',
  size: 'medium',
  owner: 'beatrice.lang@bank.example',
  technicalLead: 'omar.farouk@bank.example',
  costCentre: 'PB-3300',
  quota: { storage: '2Ti' },
  teams: {
    developers: { role: 'developer', ldapGroup: 'CN=PB-Developers,OU=Groups,DC=bank,DC=example' },
    releasers: { role: 'release-manager', ldapGroup: 'CN=PB-Release,OU=Groups,DC=bank,DC=example' },
    advisors: {
      role: 'viewer',
      ldapGroup: 'CN=PB-Advisors,OU=Groups,DC=bank,DC=example',
      applications: ['advisory'],
    },
    auditors: { role: 'auditor', members: ['quentin'] },
  },
  offers: { 'run/std': {}, 'build/std': {} },
  applications: {
    advisory: { environments: ['dev', 'test', 'prod'], repositories: ['advisory-desk'], secrets: ['crm'] },
    custody: {
      environments: ['dev', 'prod'],
      repositories: ['custody-ledger'],
      reservation: 'safe',
      secrets: ['database', 'swift-key'],
    },
  },
  networks: {
    backend: { kind: 'overlay', subnet: '10.64.112.0/25' },
    custodians: { kind: 'vpn', vlan: 'partners', subnet: '10.80.4.0/28', application: 'custody' },
    mobile: { kind: 'public', addresses: 2, application: 'advisory' },
  },
  volumes: { vault: { backend: 'cifs', size: '1Ti', application: 'custody', access: 'secured' } },
  ci: { agents: { max: 3, labels: ['maven'] } },
  clusters: { nonprod: {}, prod: { networks: { custodians: { subnet: '10.81.4.0/28' } } } },
})
