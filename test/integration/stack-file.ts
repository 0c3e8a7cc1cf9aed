/** What of a stack file these tests read; the schema of stacks has checked it. */
export interface StackFile {
  readonly services: Readonly<Record<string, StackService>>
  readonly networks?: Readonly<Record<string, StackThing>>
  readonly volumes?: Readonly<Record<string, StackThing>>
  readonly secrets?: Readonly<Record<string, StackThing>>
  readonly configs?: Readonly<Record<string, StackThing>>
}

export const thingKinds = ['networks', 'volumes', 'secrets', 'configs'] as const
export type ThingKind = (typeof thingKinds)[number]

type Texts = Readonly<Record<string, string>>

/** A network, volume, secret or config. */
export type StackThing = {
  readonly name?: string
  readonly external?: boolean
  readonly driver?: string
  readonly driver_opts?: Texts
  readonly labels?: Texts
} | null

interface Amounts {
  readonly cpus?: string
  readonly memory?: string
  readonly pids?: number
}

interface FileUse {
  readonly source: string
  readonly target?: string
  readonly mode?: number
  readonly uid?: string
  readonly gid?: string
}

export interface StackService {
  readonly image: string
  readonly user?: string
  readonly hostname?: string
  readonly init?: boolean
  readonly read_only?: boolean
  readonly command?: string | readonly string[]
  readonly entrypoint?: string | readonly string[]
  readonly environment?: Texts
  readonly labels?: Texts
  readonly logging?: { readonly driver?: string; readonly options?: Texts }
  readonly networks?: Readonly<Record<string, { readonly aliases?: readonly string[] } | null>>
  readonly secrets?: readonly FileUse[]
  readonly configs?: readonly FileUse[]
  readonly cap_add?: readonly string[]
  readonly cap_drop?: readonly string[]
  readonly sysctls?: Texts
  readonly ulimits?: Readonly<Record<string, unknown>>
  readonly volumes?: readonly {
    readonly type: string
    readonly source?: string
    readonly target: string
    readonly read_only?: boolean
  }[]
  readonly ports?: readonly {
    readonly mode?: string
    readonly target: number
    readonly published?: number
    readonly protocol?: string
  }[]
  readonly healthcheck?: { readonly disable?: boolean; readonly test?: string | readonly string[] }
  readonly deploy: {
    readonly mode?: string
    readonly replicas?: number
    readonly endpoint_mode?: string
    readonly labels: Texts
    readonly placement?: {
      readonly constraints?: readonly string[]
      readonly max_replicas_per_node?: number
    }
    readonly resources?: { readonly limits?: Amounts; readonly reservations?: Amounts }
    readonly restart_policy?: { readonly condition?: string }
    readonly update_config?: { readonly failure_action?: string; readonly order?: string }
  }
}

/** What the engine calls a thing that a stack has a key for. */
export const physicalName = (stack: string, key: string, thing: StackThing | undefined): string =>
  thing?.name ?? (thing?.external === true ? key : `${stack}_${key}`)
