import type { CustomResource, CustomResourceOptions, Output } from '@pulumi/pulumi'
import type { Reference, SecretText } from '../model/reference.ts'
import type { Resource } from '../model/resource.ts'
import type { JoinTickets } from './join-tickets.ts'
import type { ProviderName } from './providers.ts'
import type { VsphereLookups } from './vsphere/lookups.ts'

/** What a resource of the desired state is registered with. */
export interface Site {
  /** Parent, provider, dependencies and protection of a resource. */
  readonly options: (resource: Resource, provider: ProviderName) => CustomResourceOptions
  /** The registered resource of a key of the same stack; registers it first where it is not yet. */
  readonly registered: (key: string) => CustomResource
  /** The key of the resource of this stack that `matches`, where there is one. */
  readonly find: (matches: (resource: Resource) => boolean) => string | undefined
  /** A secret output. */
  readonly secretText: (text: SecretText) => Output<string>
  /** A secret output. */
  readonly joinTicket: JoinTickets
  readonly vsphere: VsphereLookups
}

/** How each kind is registered; a concern's file has those of its kinds. */
export type Registrations = {
  readonly [Kind in Resource['kind']]: (
    resource: Extract<Resource, { kind: Kind }>,
    site: Site,
  ) => CustomResource
}

/** An output of a registered resource by name. */
export const outputOf = (resource: CustomResource, name: Reference['output']): Output<string> => {
  const outputs = resource as unknown as Readonly<Record<string, Output<string> | undefined>>
  const found = outputs[name]
  if (found === undefined) throw new Error(`a resource has no output ${name}`)
  return found
}
