import type { Interceptor, StatusObject } from '@grpc/grpc-js'
import type { EngineClient } from '@pulumi/pulumi/proto/engine_grpc_pb.js'
import type { RunRequest } from '@pulumi/pulumi/proto/language_pb.js'
import type { ResourceMonitorClient } from '@pulumi/pulumi/proto/resource_grpc_pb.js'
import { type Sdk, type Store, sdk } from './sdk.ts'
import { catchStrayErrors } from './stray-errors.ts'

/** Registers a stack's resources with the engine that runs it. What it still has to ask elsewhere is done when it resolves. */
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

/** What is told of the calls of a run. */
interface CallWatch {
  readonly began: () => void
  readonly ended: () => void
  /** The engine answers no more. */
  readonly gone: () => void
}

const watchingCalls =
  ({ grpc }: Sdk, { began, ended, gone }: CallWatch): Interceptor =>
  (options, next) =>
    new grpc.InterceptingCall(next(options), {
      start: (metadata, _, start) => {
        began()
        start(metadata, {
          onReceiveStatus: (status: StatusObject, pass: (status: StatusObject) => void) => {
            pass(status)
            ended()
            if (status.code === grpc.status.UNAVAILABLE || status.code === grpc.status.CANCELLED) gone()
          },
        })
      },
    })

interface Clients {
  readonly monitor: ResourceMonitorClient
  readonly engine: EngineClient
}

/** Of this run alone: the SDK's own are never closed, and share connections with whoever had the port before. */
const connect = (parts: Sdk, request: RunRequest, watch: CallWatch): Clients => {
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
      interceptors: [watchingCalls(parts, watch)],
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

/** Tells each error once, by its sentence; not that the engine is gone, which it knows. */
const failures = (parts: Sdk, engine: EngineClient) => {
  const errors = new Set<string>()
  const told: Promise<void>[] = []
  return {
    fail: (error: unknown): void => {
      const text = sentence(parts, error)
      if (errors.has(text)) return
      errors.add(text)
      const isEnd = error instanceof Error && parts.errors.isGrpcError(error)
      if (!isEnd) told.push(tell(parts, engine, text))
    },
    hasFailed: (): boolean => errors.size > 0 || parts.log.hasErrors(),
    allTold: async (): Promise<void> => {
      await Promise.all(told)
    },
  }
}

/**
 * Ends a run in which something failed once nothing of it moves any more: what stands on the thing that failed waits for it for
 * ever, and a process of its own would end there for want of work.
 */
const endsAtStandstill = (end: AbortController) => {
  let calls = 0
  let isAtWork = true
  let hasFailed = false
  const isStill = (): boolean => hasFailed && calls === 0 && !isAtWork
  const look = async (): Promise<void> => {
    // What an answer or an error sets off is under way by the turn after the next.
    for (let turn = 0; turn < 2 && isStill(); turn += 1) await nextTurn()
    if (isStill()) end.abort()
  }
  const moved = (act: () => void) => (): void => {
    act()
    void look()
  }
  return {
    failed: moved(() => {
      hasFailed = true
    }),
    registered: moved(() => {
      isAtWork = false
    }),
    began: () => {
      calls += 1
    },
    ended: moved(() => {
      calls -= 1
    }),
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
  const { failed, registered, began, ended } = endsAtStandstill(end)
  const clients = connect(parts, request, { began, ended, gone: () => end.abort() })
  Object.assign(store.settings, clients)
  const { fail, hasFailed, allTold } = failures(parts, clients.engine)
  const stray = (error: unknown): void => {
    fail(error)
    failed()
  }
  const forget = catchStrayErrors(store, { fail: stray, end: () => end.abort() })
  const gone = new Promise<false>((done) => end.signal.addEventListener('abort', () => done(false)))
  const whole = () => program().finally(registered)
  const isThrough = await Promise.race([runThrough({ parts, program: whole, fail, hasFailed }), gone])
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
