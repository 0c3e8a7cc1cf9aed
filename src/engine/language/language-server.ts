import type { Server, ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js'
import type { RunRequest, RunResponse } from '@pulumi/pulumi/proto/language_pb.js'
import { Fault } from '../../core/fault.ts'
import { type Program, type ProgramRun, startProgram } from './program-run.ts'
import { type Sdk, sdk } from './sdk.ts'

/** What answers an engine in the place of a language host. */
export interface LanguageServer {
  /** For the engine's `--client`. */
  readonly address: string
  /** Once the engine has ended; what is left of its program ends with it. Idempotent. */
  readonly stop: () => void
}

const answerOf = async ({ languagePb }: Sdk, { ended }: ProgramRun): Promise<RunResponse> => {
  const answer = new languagePb.RunResponse()
  // The engine then says nothing of its own: what is wrong has been told.
  if ((await ended) === 'failed') answer.setBail(true)
  return answer
}

type RunCall = ServerUnaryCall<RunRequest, RunResponse>

/** Runs one program, once: nobody else on this machine gets to see what it registers. */
const runner = (parts: Sdk, stack: string, program: Program) => {
  let run: ProgramRun | undefined
  return {
    run: ({ request }: RunCall, answer: sendUnaryData<RunResponse>): void => {
      if (run !== undefined || request.getStack() !== stack) {
        const { PERMISSION_DENIED } = parts.grpc.status
        answer({ code: PERMISSION_DENIED, details: `This is for one run of ${stack}.` })
        return
      }
      run = startProgram(request, program)
      answerOf(parts, run).then((response) => answer(null, response), answer)
    },
    abandon: () => run?.abandon(),
  }
}

/** The engine learns which plugins are needed as their providers are registered. */
const noPlugins =
  ({ languagePb }: Sdk) =>
  (_: unknown, answer: sendUnaryData<object>): void =>
    answer(null, new languagePb.GetRequiredPluginsResponse())

const versionOf =
  ({ pluginPb }: Sdk) =>
  (_: unknown, answer: sendUnaryData<object>): void => {
    const info = new pluginPb.PluginInfo()
    info.setVersion('1.0.0')
    answer(null, info)
  }

const listen = (server: Server, { grpc }: Sdk): Promise<number> =>
  new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(notServed(error)),
    )
  })

const notServed = (cause: Error): Fault =>
  new Fault('unavailable', `The program cannot be served to the engine on 127.0.0.1: ${cause.message}`, {
    details: { hint: 'This machine has no free port, or no loopback interface.' },
    cause,
  })

/**
 * Serves one program to the one engine that runs `stack`, on 127.0.0.1, in this process: neither a language host nor a Node of
 * its own has to start for it.
 *
 * @throws {Fault} `unavailable` where nothing can be served on this machine.
 */
export const serveProgram = async (stack: string, program: Program): Promise<LanguageServer> => {
  const parts = sdk()
  const server = new parts.grpc.Server({ 'grpc.enable_channelz': 0 })
  const { run, abandon } = runner(parts, stack, program)
  server.addService(parts.languageGrpc.LanguageRuntimeService, {
    run,
    getRequiredPlugins: noPlugins(parts),
    getPluginInfo: versionOf(parts),
  })
  const port = await listen(server, parts)
  return {
    address: `127.0.0.1:${port}`,
    stop: () => {
      abandon()
      server.forceShutdown()
    },
  }
}
