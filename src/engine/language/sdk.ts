import { createRequire } from 'node:module'
import type * as Grpc from '@grpc/grpc-js'
import type * as Errors from '@pulumi/pulumi/errors.js'
import type EngineGrpc from '@pulumi/pulumi/proto/engine_grpc_pb.js'
import type EnginePb from '@pulumi/pulumi/proto/engine_pb.js'
import type LanguageGrpc from '@pulumi/pulumi/proto/language_grpc_pb.js'
import type LanguagePb from '@pulumi/pulumi/proto/language_pb.js'
import type PluginPb from '@pulumi/pulumi/proto/plugin_pb.js'
import type ResourceGrpc from '@pulumi/pulumi/proto/resource_grpc_pb.js'
import type * as Config from '@pulumi/pulumi/runtime/config.js'
import type * as Settings from '@pulumi/pulumi/runtime/settings.js'
import type * as Stack from '@pulumi/pulumi/runtime/stack.js'

/** What the SDK keeps of one program's run. Source: `runtime/state.js` of 3.245.0, which has no types. */
export interface Store {
  readonly settings: {
    monitor: ResourceGrpc.ResourceMonitorClient | undefined
    engine: EngineGrpc.EngineClient | undefined
  }
  logErrorCount: number
}

interface State {
  readonly withLocalStorage: <Result>(act: () => Promise<Result>) => Promise<Result>
  /** Undefined outside of a run. */
  readonly getLocalStore: () => Store | undefined
}

/** Of the run that asks. */
interface Log {
  readonly hasErrors: () => boolean
}

/** What the SDK has and does not declare. Source: `runtime/settings.js` of 3.245.0. */
interface HiddenSettings {
  /** Once no call of the run is under way. */
  readonly waitForRPCs: () => Promise<void>
  /** Tells that every resource is registered, and waits until all of it is done, deletions too. */
  readonly signalAndWaitForShutdown: () => Promise<void>
}

const load = createRequire(import.meta.url)

const loadAll = () => ({
  grpc: load('@grpc/grpc-js') as typeof Grpc,
  config: load('@pulumi/pulumi/runtime/config') as typeof Config,
  errors: load('@pulumi/pulumi/errors') as typeof Errors,
  log: load('@pulumi/pulumi/log') as Log,
  settings: load('@pulumi/pulumi/runtime/settings') as typeof Settings & HiddenSettings,
  stack: load('@pulumi/pulumi/runtime/stack') as typeof Stack,
  state: load('@pulumi/pulumi/runtime/state') as State,
  engineGrpc: load('@pulumi/pulumi/proto/engine_grpc_pb') as typeof EngineGrpc,
  enginePb: load('@pulumi/pulumi/proto/engine_pb') as typeof EnginePb,
  languageGrpc: load('@pulumi/pulumi/proto/language_grpc_pb') as typeof LanguageGrpc,
  languagePb: load('@pulumi/pulumi/proto/language_pb') as typeof LanguagePb,
  pluginPb: load('@pulumi/pulumi/proto/plugin_pb') as typeof PluginPb,
  resourceGrpc: load('@pulumi/pulumi/proto/resource_grpc_pb') as typeof ResourceGrpc,
})

/** The parts of the Pulumi SDK that run a program. */
export type Sdk = ReturnType<typeof loadAll>

let loaded: Sdk | undefined

/** Loaded when a program is run first, and not at the start of every command: it takes a third of a second. */
export const sdk = (): Sdk => {
  loaded ??= loadAll()
  return loaded
}
