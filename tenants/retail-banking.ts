import { defineTenant } from '../src/tenant/define.ts'

export default defineTenant({
  organization: 'retail-banking',
  displayName: 'Retail Banking',
  size: 'large',
  owner: 'claire.martin@bank.example',
  technicalLead: 'd.nguyen@bank.example',
  costCentre: 'RB-4711',
  reservation: 'optimized',
  teams: {
    developers: { role: 'developer', ldapGroup: 'CN=RB-Developers,OU=Groups,DC=bank,DC=example' },
    operators: { role: 'operator', ldapGroup: 'CN=RB-Operations,OU=Groups,DC=bank,DC=example' },
    releasers: { role: 'release-manager', ldapGroup: 'CN=RB-Release,OU=Groups,DC=bank,DC=example' },
    auditors: {
      role: 'auditor',
      ldapGroup: 'CN=RB-Audit,OU=Groups,DC=bank,DC=example',
      description: 'Second line of defence; reads everything, changes nothing.',
    },
    business: {
      role: 'viewer',
      ldapGroup: 'CN=RB-Business,OU=Groups,DC=bank,DC=example',
      applications: ['payments', 'cards'],
    },
    pipelines: { role: 'ci', members: ['svc-retail-ci'] },
  },
  offers: { 'run/std': {}, 'build/std': {} },
  applications: {
    payments: {
      environments: ['dev', 'test', 'prod'],
      repositories: ['payments-api', 'payments-web'],
      reservation: 'minimum',
      secrets: ['database', 'scheme-key'],
      description: 'Instant and SEPA payments.',
    },
    cards: {
      environments: ['dev', 'test', 'staging', 'prod'],
      repositories: ['cards-core'],
      secrets: ['hsm-pin'],
    },
    statements: { environments: ['dev', 'prod'], repositories: ['statements-renderer'] },
  },
  networks: {
    backend: { kind: 'overlay', subnet: '10.64.17.0/25' },
    cards: { kind: 'overlay', subnet: '10.64.17.128/26', application: 'cards', internal: true },
    partners: { kind: 'vpn', vlan: 'partners', subnet: '10.80.3.0/28', application: 'payments' },
    web: { kind: 'public', addresses: 2 },
  },
  volumes: {
    statements: { backend: 'nfs', size: '200Gi', application: 'statements' },
    exchange: { backend: 'cifs', size: '50Gi', application: 'payments', access: 'secured' },
    ledger: { backend: 'netapp', size: '500Gi', application: 'payments' },
    archive: { backend: 'scality', size: '2Ti', access: 'secured' },
  },
  ci: {
    agents: { max: 8, cpu: '2', memory: '4Gi', labels: ['maven', 'node'] },
    controller: { cpu: '2', memory: '4Gi' },
    account: 'svc-retail-ci',
  },
  clusters: { nonprod: {}, prod: { networks: { partners: { subnet: '10.81.3.0/28' } } } },
})
