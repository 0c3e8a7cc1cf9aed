import { defineTenant } from '../src/tenant/define.ts'

export default defineTenant({
  organization: 'data-science',
  size: 'small',
  owner: 'nadia.rossi@bank.example',
  technicalLead: 'tom.becker@bank.example',
  costCentre: 'DS-1020',
  teams: { scientists: { role: 'developer', ldapGroup: 'CN=DS-Scientists,OU=Groups,DC=bank,DC=example' } },
  offers: { 'run/std': {} },
  applications: { notebooks: { environments: ['dev', 'prod'] } },
})
