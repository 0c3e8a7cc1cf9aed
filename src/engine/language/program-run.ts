import type { Interceptor, StatusObject } from '@grpc/grpc-js'
import type { EngineClient } from '@pulumi/pulumi/proto/engine_grpc_pb.js'
import type { RunRequest } from '@pulumi/pulumi/proto/language_pb.js'
import type { ResourceMonitorClient } from '@pulumi/pulumi/proto/resource_grpc_pb.js'
import { type Sdk, type Store, sdk } from './sdk.ts'
import { catchStrayErrors } from './stray-errors.ts'

/** Registers a stack's resources with the engine that runs it. */
export type Program = () => Promise<void>

/** How a program came to its end: `failed` has been told to the engine's user. */
export type ProgramEnd = 'succeeded' | 'failed'

/** A program at work in this process, beside others. */
export interface ProgramRun {
  /** Never rejects. */
  readonly ended: Promise<ProgramEnd>
  /** Ends it where it is: the engine is gone. Idempotent. */
  readonly abandon: () => void
}

/** A state goes beyond gRPC's 4 MiB; the engine itself allows 400 MiB (rpcutil of 3.245.0). */
const largestMessageBytes = 400 * 1024 * 1024

/** Tells of calls that the engine answered no more. */
const watchingEnd =
  ({ grpc }: Sdk, isGone: () => void): Interceptor =>
  (options, next) =>
    new grpc.InterceptingCall(next(options), {
      start: (metadata, _, start) =>
        start(metadata, {
          onReceiveStatus: (status: StatusObject, pass: (status: StatusObject) => void) => {
            pass(status)
            if (status.code === grpc.status.UNAVAILABLE || status.code === grpc.status.CANCELLED) isGone()
          },
        }),
    })

interface Clients {
  readonly monitor: ResourceMonitorClient
  readonly engine: EngineClient
}

/** Of this run alone: the SDK's own are never closed, and share connections with whoever had the port before. */
const connect = (parts: Sdk, request: RunRequest, isGone: () => void): Clients => {
  const { grpc, engineGrpc, resourceGrpc } = parts
  const insecure = grpc.credentials.createInsecure()
  const options = {
    'grpc.max_receive_message_length': largestMessageBytes,
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_channelz': 0,
  }
  const [engineAddress = ''] = request.getArgsList()
  return {
    engine: new engineGrpc.EngineClient(engineAddress, insecure, options),
    monitor: new resourceGrpc.ResourceMonitorClient(request.getMonitorAddress(), insecure, {
      ...options,
      interceptors: [watchingEnd(parts, isGone)],
    }),
  }
}

/** As the Node language host tells the SDK. Source: `LanguageServer.run` of automation/server.js, 3.245.0. */
const configure = ({ config, settings }: Sdk, request: RunRequest): void => {
  const [engineAddress = ''] = request.getArgsList()
  settings.resetOptions(
    request.getProject(),
    request.getStack(),
    request.getParallel(),
    engineAddress,
    request.getMonitorAddress(),
    request.getDryrun(),
    request.getOrganization(),
  )
  const entries = [...request.getConfigMap().entries()] as [string, string][]
  config.setAllConfig(Object.fromEntries(entries), request.getConfigsecretkeysList())
}

const isPlain = ({ errors }: Sdk, error: unknown): boolean =>
  errors.RunError.isInstance(error) || (errors.ResourceError.isInstance(error) && error.hideStack === true)

const sentence = (parts: Sdk, error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  if (isPlain(parts, error)) return error.message
  return `Running the program failed with an unhandled exception:\n${error.stack ?? error.message}`
}

/** Resolves when it was told, or nobody listens any more. */
const tell = ({ enginePb }: Sdk, engine: EngineClient, message: string): Promise<void> =>
  new Promise((done) => {
    const request = new enginePb.LogRequest()
    request.setSeverity(enginePb.LogSeverity.ERROR)
    request.setMessage(message)
    engine.log(request, () => done())
  })

/** Errors that nobody awaits are told between the turns of the event loop. */
const nextTurn = (): Promise<void> => new Promise((done) => setImmediate(done))

interface RunningProgram {
  readonly parts: Sdk
  readonly program: Program
  readonly fail: (error: unknown) => void
  readonly hasFailed: () => boolean
}

/**
 * Runs the program to its end; whether it got there. That every resource is registered is said only where nothing went wrong:
 * the engine would delete what is missing.
 */
const runThrough = async ({ parts, program, fail, hasFailed }: RunningProgram): Promise<boolean> => {
  const { settings, stack } = parts
  try {
    await stack.runInPulumiStack(program)
    await settings.waitForRPCs()
    await nextTurn()
    if (hasFailed()) return false
    await settings.signalAndWaitForShutdown()
    return !hasFailed()
  } catch (error) {
    fail(error)
    await nextTurn()
    return false
  }
}

/** Tells each error once; not that the engine is gone, which it knows. */
const failures = (parts: Sdk, engine: EngineClient) => {
  const errors = new Set<unknown>()
  const told: Promise<void>[] = []
  return {
    fail: (error: unknown): void => {
      if (errors.has(error)) return
      errors.add(error)
      const isEnd = error instanceof Error && parts.errors.isGrpcError(error)
      if (!isEnd) told.push(tell(parts, engine, sentence(parts, error)))
    },
    hasFailed: (): boolean => errors.size > 0 || parts.log.hasErrors(),
    allTold: async (): Promise<void> => {
      await Promise.all(told)
    },
  }
}

const runIn = async (
  store: Store,
  request: RunRequest,
  program: Program,
  end: AbortController,
): Promise<ProgramEnd> => {
  const parts = sdk()
  configure(parts, request)
  const clients = connect(parts, request, () => end.abort())
  Object.assign(store.settings, clients)
  const { fail, hasFailed, allTold } = failures(parts, clients.engine)
  const forget = catchStrayErrors(store, { fail, end: () => end.abort() })
  const gone = new Promise<false>((done) => end.signal.addEventListener('abort', () => done(false)))
  const isThrough = await Promise.race([runThrough({ parts, program, fail, hasFailed }), gone])
  await allTold()
  forget()
  clients.monitor.close()
  clients.engine.close()
  return isThrough ? 'succeeded' : 'failed'
}

/**
 * Starts a program as the engine asks for it. Programs that run at once keep apart: each has the SDK's state, connections and errors
 * of its own.
 */
export const startProgram = (request: RunRequest, program: Program): ProgramRun => {
  const { state } = sdk()
  const end = new AbortController()
  const ended = state.withLocalStorage(async () => {
    const store = state.getLocalStore()
    return store === undefined ? 'failed' : runIn(store, request, program, end)
  })
  return { ended, abandon: () => end.abort() }
}
