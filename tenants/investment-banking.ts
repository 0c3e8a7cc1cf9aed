import { defineTenant } from '../src/tenant/define.ts'

export default defineTenant({
  organization: 'investment-banking',
  displayName: 'Investment Banking',
  size: 'large',
  owner: 'marcus.vogel@bank.example',
  technicalLead: 'yuki.tanaka@bank.example',
  costCentre: 'IB-2200',
  reservation: 'safe',
  quota: { cpu: '128', memory: '512Gi' },
  teams: {
    quants: {
      role: 'developer',
      ldapGroup: 'CN=IB-Quants,OU=Groups,DC=bank,DC=example',
      applications: ['pricing', 'risk'],
    },
    developers: { role: 'developer', ldapGroup: 'CN=IB-Developers,OU=Groups,DC=bank,DC=example' },
    operators: { role: 'operator', ldapGroup: 'CN=IB-Operations,OU=Groups,DC=bank,DC=example' },
    releasers: { role: 'release-manager', ldapGroup: 'CN=IB-Release,OU=Groups,DC=bank,DC=example' },
    pipelines: { role: 'ci', members: ['svc-invest-ci'] },
  },
  offers: {
    'run/std': {},
    'run/edge': { pool: { machine: 'large', min: 2, max: 6 } },
    'build/std': {},
  },
  applications: {
    pricing: {
      environments: ['dev', 'staging', 'prod'],
      repositories: ['pricing-engine', 'pricing-gateway'],
      offer: 'run/edge',
      secrets: ['market-data'],
    },
    risk: { environments: ['dev', 'test', 'prod'], repositories: ['risk-aggregator'], offer: 'run/edge' },
    reporting: { environments: ['dev', 'prod'], repositories: ['reporting'], reservation: 'optimized' },
  },
  networks: {
    compute: { kind: 'overlay', subnet: '10.65.0.0/22', internal: true },
    markets: { kind: 'vpn', vlan: 'markets', subnet: '10.80.16.64/26', application: 'pricing' },
    clients: { kind: 'public', addresses: 4, application: 'pricing' },
  },
  volumes: {
    ticks: { backend: 'netapp', size: '2Ti', application: 'pricing' },
    reports: { backend: 'nfs', size: '300Gi', application: 'reporting' },
  },
  ci: { agents: { max: 4, labels: ['cpp', 'python'] }, account: 'svc-invest-ci' },
  clusters: {
    nonprod: {
      size: 'medium',
      quota: { cpu: '64', storage: '3Ti' },
      offers: { 'run/edge': { pool: { machine: 'standard', min: 1, max: 3 } } },
    },
    prod: { networks: { markets: { subnet: '10.81.16.64/26' } } },
  },
})
