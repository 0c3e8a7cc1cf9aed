import { defineCluster } from '../../src/cluster/define.ts'
import { defineTenant } from '../../src/tenant/define.ts'

/** Files that must not compile: `tsc` fails where one of the marked lines does. */

const smallest = {
  organization: 'acme',
  size: 'small',
  owner: 'ann@bank.example',
  technicalLead: 'tom@bank.example',
  costCentre: 'AC-100',
  teams: {},
  offers: { 'run/std': {} },
  applications: {},
} as const

export const right = defineTenant({
  ...smallest,
  teams: { developers: { role: 'developer', members: ['ann'] } },
  applications: { shop: { environments: ['dev', 'prod'] } },
  networks: { web: { kind: 'public', addresses: 2 } },
  clusters: { prod: { ci: { agents: { max: 2 } } } },
})

// @ts-expect-error a required field is missing
export const incomplete = defineTenant({ organization: 'acme' })

// @ts-expect-error no such field
export const unknownField = defineTenant({ ...smallest, organisation: 'acme' })

// @ts-expect-error no such size
export const unknownSize = defineTenant({ ...smallest, size: 'huge' })

export const unknownRole = defineTenant({
  ...smallest,
  // @ts-expect-error no such job role
  teams: { developers: { role: 'root', members: ['ann'] } },
})

export const unknownEnvironment = defineTenant({
  ...smallest,
  // @ts-expect-error no such environment
  applications: { shop: { environments: ['production'] } },
})

// @ts-expect-error no such offer
export const unknownOffer = defineTenant({ ...smallest, offers: { 'run/fast': {} } })

export const wrongKind = defineTenant({
  ...smallest,
  // @ts-expect-error an overlay network has no VLAN
  networks: { web: { kind: 'overlay', vlan: 'partners', subnet: '10.0.0.0/24' } },
})

export const missingVlan = defineTenant({
  ...smallest,
  // @ts-expect-error a vpn network needs its VLAN
  networks: { bank: { kind: 'vpn', subnet: '10.0.0.0/24' } },
})

export const numberForText = defineTenant({
  ...smallest,
  // @ts-expect-error CPUs are text, with a unit or without
  quota: { cpu: 2 },
})

// @ts-expect-error a cluster is more than its name
export const bareCluster = defineCluster({ cluster: 'nonprod' })

export const renamed = defineTenant({
  ...smallest,
  lifecycle: 'draining',
  previously: 'apex',
  teams: { developers: { role: 'developer', members: ['ann'], previously: 'coders' } },
})

// @ts-expect-error no such place in life
export const unknownLifecycle = defineTenant({ ...smallest, lifecycle: 'paused' })
