/** What differs between the steps of a tenant's life. */
interface Life {
  readonly developers: string
  readonly pipelines: readonly string[]
  readonly application: string
  readonly poolMax: number
  readonly machine: string
  readonly controllerMemory: string
  readonly innerSubnet: string
}

const fileOf = (
  organization: string,
  life: Life,
): string => `import { defineTenant } from '../src/tenant/define.ts'

export default defineTenant({
  organization: '${organization}',
  size: 'small',
  owner: 'nadia.rossi@bank.example',
  technicalLead: 'tom.becker@bank.example',
  costCentre: 'INT-1001',
  teams: {
    developers: { ${life.developers} },
    pipelines: { role: 'ci', members: [${life.pipelines.map((name) => `'${name}'`).join(', ')}] },
  },
  offers: {
    'run/std': {},
    'run/edge': { pool: { machine: '${life.machine}', min: 2, max: ${life.poolMax} } },
    'build/std': {},
  },
  applications: {
    ${life.application}: { environments: ['dev', 'prod'], repositories: ['shop'], offer: 'run/edge', secrets: ['keys'] },
  },
  networks: {
    inner: { kind: 'overlay', subnet: '${life.innerSubnet}', internal: true },
    outer: { kind: 'public', addresses: 2, application: '${life.application}' },
  },
  volumes: {
    files: { backend: 'cifs', size: '10Gi' },
    data: { backend: 'nfs', size: '10Gi' },
  },
  ci: {
    agents: { max: 2, labels: ['shop'] },
    controller: { memory: '${life.controllerMemory}' },
    account: 'svc-invest-ci',
  },
  clusters: { nonprod: {}, prod: { networks: { inner: { subnet: '10.64.200.0/24' } } } },
})
`

const first: Life = {
  developers: `role: 'developer', ldapGroup: 'CN=DS-Scientists,OU=Groups,DC=bank,DC=example'`,
  pipelines: ['svc-invest-ci'],
  application: 'shop',
  poolMax: 3,
  machine: 'standard',
  controllerMemory: '4Gi',
  innerSubnet: '10.66.200.0/24',
}

const edited: Life = {
  ...first,
  developers: `role: 'operator', ldapGroup: 'CN=GIT-Engineers,OU=Groups,DC=bank,DC=example', description: 'Run it.'`,
  pipelines: ['svc-invest-ci', 'svc-group-ci'],
  poolMax: 4,
  machine: 'large',
  controllerMemory: '6Gi',
}

/**
 * One of everything that a tenant can have; what changes in place; what is made anew. Its LDAP groups and accounts are in
 * the lab's directory.
 */
export const tenantFiles = (organization: string) => ({
  up: fileOf(organization, first),
  update: fileOf(organization, edited),
  replace: fileOf(organization, { ...edited, application: 'store', innerSubnet: '10.66.201.0/24' }),
})

/** The address that the cluster file names for webhooks. */
export const webhookAddress = 'https://events.nonprod.bank.example/registry'

/** A cluster file whose registry tells somebody of what happens. */
export const withWebhook = (clusterFile: string): string =>
  clusterFile.replace("stage: 'nonprod',", `stage: 'nonprod',\n  registryWebhook: '${webhookAddress}',`)

/** Another organization, for runs side by side. */
export const neighbour = 'beside'

/** The smallest tenant that uses the same servers. */
export const neighbourFile = `import { defineTenant } from '../src/tenant/define.ts'

export default defineTenant({
  organization: '${neighbour}',
  size: 'small',
  owner: 'nadia.rossi@bank.example',
  technicalLead: 'tom.becker@bank.example',
  costCentre: 'BES-1001',
  teams: { developers: { role: 'developer', ldapGroup: 'CN=GIT-Engineers,OU=Groups,DC=bank,DC=example' } },
  offers: { 'run/std': {} },
  applications: { desk: { environments: ['dev'], repositories: ['desk'] } },
  networks: { inner: { kind: 'overlay', subnet: '10.66.210.0/24' } },
  clusters: { nonprod: {} },
})
`
