/**
 * A value as the engine sends it: JSON values, plus secrets and unknowns kept as what they are.
 * Objects are plain; `undefined` never occurs.
 */
export type PropertyValue =
  | null
  | boolean
  | number
  | string
  | readonly PropertyValue[]
  | { readonly [name: string]: PropertyValue }
  | SecretValue
  | Unknown

export type Properties = Readonly<Record<string, PropertyValue>>

/** A value the engine encrypts in the state and hides in previews. */
export class SecretValue {
  readonly value: PropertyValue
  constructor(value: PropertyValue) {
    this.value = value
  }
}

/** A value not known before the resource it comes from exists; previews only. */
export class Unknown {}

export const unknown = new Unknown()

/** A property that is wrong, by its path, e.g. `operations["Service"]` or `ldapSync.groupDn`. */
export interface CheckFailure {
  readonly property: string
  readonly reason: string
}

export interface DiffResult {
  /** Whether anything differs. */
  readonly changes: boolean
  /** Top-level properties whose change needs another resource. */
  readonly replaces: readonly string[]
  /** Property paths that differ, by how. */
  readonly details: Readonly<
    Record<string, 'add' | 'update' | 'delete' | 'add-replace' | 'update-replace' | 'delete-replace'>
  >
  /** Whether the old one must go before the new one is made. */
  readonly deleteBeforeReplace?: boolean
}

export interface ReadResult {
  readonly id: string
  readonly inputs: Properties
  readonly outputs: Properties
}

/**
 * Thrown by `create` or `update` when the thing exists but is not as it should be: the state keeps `id` and `outputs`, and
 * the next run updates it.
 */
export class Unfinished extends Error {
  readonly id: string
  readonly outputs: Properties

  constructor(id: string, outputs: Properties, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.name = 'Unfinished'
    this.id = id
    this.outputs = outputs
  }
}

/** One URN's request: what the server file hands to a resource's functions. */
export interface ResourceContext {
  readonly urn: string
  /** Aborts when the run is cancelled or the resource's own time limit is over. */
  readonly signal: AbortSignal
  /** Writes a line to the engine's log for this resource. Never give it a secret. */
  readonly log: (severity: 'debug' | 'info' | 'warning' | 'error', message: string) => void
}

/**
 * What a plugin does for one type token. `Client` is what `configure` made.
 *
 * Inputs reach `check` with unknowns and secrets marked. `diff` gets secrets unwrapped, unknowns kept. `create`, `update`,
 * `read` and `delete` get plain values (secrets unwrapped, no unknowns); what they return has the inputs' secrets marked
 * again by the server, by place. The state of a created or updated resource is its inputs overlaid with what was returned.
 * In a preview the server answers by itself: outputs that are not inputs are unknown (create) or stay (update).
 * `create` and `update` observe, ensure, then sync, so that each can run again after a crash at any step.
 * Source: design §7.
 */
export interface ResourceType<Client> {
  /** Names of outputs that are always secret. */
  readonly secretOutputs?: readonly string[]
  /** Defaults filled in, failures by property path. Pure. */
  check(
    inputs: Properties,
    olds: Properties | undefined,
  ): { inputs: Properties; failures: readonly CheckFailure[] }
  /** Pure. */
  diff(olds: { inputs: Properties; outputs: Properties }, news: Properties): DiffResult
  create(
    client: Client,
    inputs: Properties,
    context: ResourceContext,
  ): Promise<{ id: string; outputs: Properties }>
  /** Undefined where it is gone. `inputs` is undefined when importing. */
  read(
    client: Client,
    id: string,
    inputs: Properties | undefined,
    outputs: Properties | undefined,
    context: ResourceContext,
  ): Promise<ReadResult | undefined>
  update(
    client: Client,
    id: string,
    olds: Properties,
    news: Properties,
    context: ResourceContext,
  ): Promise<Properties>
  /** Succeeds where it is gone already. */
  delete(client: Client, id: string, outputs: Properties, context: ResourceContext): Promise<void>
}

/** A whole plugin, served by `provider/server.ts`. */
export interface Plugin<Client> {
  readonly name: string
  readonly version: string
  /** Configuration checked, with failures by property name. Pure. */
  checkConfig(inputs: Properties): { inputs: Properties; failures: readonly CheckFailure[] }
  /** Opens no connection: the first call does. */
  configure(inputs: Properties): Client
  /** By type token, e.g. `ucp:index:Team`. */
  readonly resources: Readonly<Record<string, ResourceType<Client>>>
  /** By function token, e.g. `vsphere:index/getDatacenter:getDatacenter`. */
  readonly functions?: Readonly<Record<string, (client: Client, args: Properties) => Promise<Properties>>>
  /** JSON text of the Pulumi package schema; `{}` where there is none. */
  readonly schema?: () => string
}
