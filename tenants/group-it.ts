import { defineTenant } from '../src/tenant/define.ts'

export default defineTenant({
  organization: 'group-it',
  displayName: 'Group IT',
  size: 'large',
  owner: 'ruth.keller@bank.example',
  technicalLead: 'samir.haddad@bank.example',
  costCentre: 'GIT-100',
  teams: {
    engineers: { role: 'developer', ldapGroup: 'CN=GIT-Engineers,OU=Groups,DC=bank,DC=example' },
    operators: { role: 'operator', ldapGroup: 'CN=GIT-Operations,OU=Groups,DC=bank,DC=example' },
    releasers: {
      role: 'release-manager',
      ldapGroup: 'CN=GIT-Release,OU=Groups,DC=bank,DC=example',
      description: 'Signs what may run in production.',
    },
    pipelines: { role: 'ci', members: ['svc-group-ci', 'svc-group-nightly'] },
    auditors: { role: 'auditor', ldapGroup: 'CN=GIT-Audit,OU=Groups,DC=bank,DC=example' },
  },
  offers: { 'run/std': {}, 'build/std': {} },
  applications: {
    'base-images': {
      environments: ['dev', 'test', 'prod'],
      repositories: ['base-java', 'base-node', 'base-python', 'base-nginx'],
      description: 'What every image of the bank starts from.',
    },
    portal: { environments: ['dev', 'staging', 'prod'], repositories: ['portal'], reservation: 'minimum' },
  },
  networks: { tooling: { kind: 'overlay', subnet: '10.64.64.0/24' } },
  volumes: { artefacts: { backend: 'nfs', size: '1Ti' }, caches: { backend: 'netapp', size: '500Gi' } },
  ci: {
    agents: { max: 16, cpu: '4', memory: '8Gi', labels: ['docker', 'gradle', 'maven', 'node', 'python'] },
    controller: { cpu: '4', memory: '16Gi' },
    account: 'svc-group-ci',
  },
  clusters: {
    nonprod: { quota: { cpu: '128', memory: '512Gi' }, volumes: { artefacts: { size: '2Ti' } } },
    prod: {
      size: 'medium',
      networks: { tooling: { subnet: '10.64.65.0/24' } },
      volumes: { artefacts: { size: '200Gi', backend: 'netapp' } },
      ci: { agents: { max: 4, cpu: '2', memory: '4Gi' }, controller: { cpu: '2', memory: '8Gi' } },
    },
  },
})
