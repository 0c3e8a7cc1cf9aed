import type { ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js'
import type { RunRequest, RunResponse } from '@pulumi/pulumi/proto/language_pb.js'
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

/**
 * Serves one program to the one engine that runs `stack`, on 127.0.0.1, in this process: neither a language host nor a Node of
 * its own has to start for it.
 */
export const serveProgram = async (stack: string, program: Program): Promise<LanguageServer> => {
  const parts = sdk()
  const { Server, ServerCredentials } = parts.grpc
  const server = new Server({ 'grpc.enable_channelz': 0 })
  const { run, abandon } = runner(parts, stack, program)
  server.addService(parts.languageGrpc.LanguageRuntimeService, {
    run,
    getRequiredPlugins: noPlugins(parts),
    getPluginInfo: versionOf(parts),
  })
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    )
  })
  return {
    address: `127.0.0.1:${port}`,
    stop: () => {
      abandon()
      server.forceShutdown()
    },
  }
}
