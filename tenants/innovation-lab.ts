import { defineTenant } from '../src/tenant/define.ts'

export default defineTenant({
  organization: 'innovation-lab',
  displayName: 'Innovation Lab',
  size: 'small',
  owner: 'ines.costa@bank.example',
  technicalLead: 'liam.oconnor@bank.example',
  costCentre: 'LAB-007',
  reservation: 'minimum',
  teams: {
    tinkerers: { role: 'developer', members: ['ines', 'liam', 'ada'] },
    guests: { role: 'viewer', ldapGroup: 'CN=LAB-Guests,OU=Groups,DC=bank,DC=example' },
  },
  offers: { 'run/std': {} },
  applications: { sandbox: { environments: ['dev', 'test'], repositories: ['sandbox'] } },
  networks: { play: { kind: 'overlay', subnet: '10.64.96.0/26' }, demo: { kind: 'public', addresses: 1 } },
  clusters: { nonprod: {} },
})
