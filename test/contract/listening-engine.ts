import {
  credentials,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
} from '@grpc/grpc-js'
import engineGrpc from '@pulumi/pulumi/proto/engine_grpc_pb.js'
import type { LogRequest } from '@pulumi/pulumi/proto/engine_pb.js'
import enginePb from '@pulumi/pulumi/proto/engine_pb.js'
import languageGrpc from '@pulumi/pulumi/proto/language_grpc_pb.js'
import languagePb from '@pulumi/pulumi/proto/language_pb.js'
import resourceGrpc from '@pulumi/pulumi/proto/resource_grpc_pb.js'
import type { RegisterResourceRequest } from '@pulumi/pulumi/proto/resource_pb.js'
import resourcePb from '@pulumi/pulumi/proto/resource_pb.js'
import emptyPb from 'google-protobuf/google/protobuf/empty_pb.js'

type Answer<T> = sendUnaryData<T>

/** An engine that asks for one run of a program, and writes down what it hears. */
export interface ListeningEngine {
  readonly stack: string
  /** Names of the resources that were registered, in order. */
  readonly registered: readonly string[]
  /** What was told of severity error. */
  readonly told: readonly string[]
  /** How often it was said that every resource is registered, whereupon an engine deletes the rest. */
  readonly complete: () => number
  /** Asks a language server for a run; what it answers. */
  readonly run: (address: string) => Promise<languagePb.RunResponse>
  /** Ends at once, with calls under way. */
  readonly kill: () => void
}

export interface EngineBehaviour {
  /** Called before a registration is answered; what it throws refuses the resource. */
  readonly before?: (name: string) => Promise<void>
}

const listen = (server: Server): Promise<string> =>
  new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(`127.0.0.1:${port}`) : reject(error),
    )
  })

const done = (_: unknown, answer: Answer<object>): void => answer(null, new emptyPb.Empty())

const request = (stack: string, address: string): languagePb.RunRequest => {
  const asked = new languagePb.RunRequest()
  asked.setProject('tenantry')
  asked.setStack(stack)
  asked.setOrganization('organization')
  asked.setParallel(16)
  asked.setDryrun(true)
  asked.setMonitorAddress(address)
  asked.setArgsList([address])
  return asked
}

/** Asks a language server at `address` for a run, as an engine of that stack. */
export const askFor = (address: string, asked: languagePb.RunRequest): Promise<languagePb.RunResponse> => {
  const client = new languageGrpc.LanguageRuntimeClient(address, credentials.createInsecure())
  return new Promise<languagePb.RunResponse>((resolve, reject) => {
    client.run(asked, (error, response) => (error === null ? resolve(response) : reject(error)))
  }).finally(() => client.close())
}

const urnOf = (stack: string, asked: RegisterResourceRequest): string =>
  `urn:pulumi:${stack}::tenantry::${asked.getType()}::${asked.getName()}`

export const listeningEngine = async (
  stack: string,
  { before = async () => undefined }: EngineBehaviour = {},
): Promise<ListeningEngine> => {
  const registered: string[] = []
  const told: string[] = []
  let complete = 0
  const server = new Server()
  const register = async (asked: RegisterResourceRequest) => {
    await before(asked.getName())
    registered.push(asked.getName())
    const response = new resourcePb.RegisterResourceResponse()
    response.setUrn(urnOf(stack, asked))
    response.setId(asked.getCustom() ? `${asked.getName()}-id` : '')
    return response
  }
  server.addService(resourceGrpc.ResourceMonitorService, {
    supportsFeature: (_: unknown, answer: Answer<object>) => {
      const response = new resourcePb.SupportsFeatureResponse()
      response.setHassupport(true)
      answer(null, response)
    },
    registerResource: (
      { request: asked }: ServerUnaryCall<RegisterResourceRequest, object>,
      answer: Answer<object>,
    ) => {
      register(asked).then((response) => answer(null, response), answer)
    },
    registerResourceOutputs: done,
    signalAndWaitForShutdown: (call: unknown, answer: Answer<object>) => {
      complete += 1
      done(call, answer)
    },
  })
  server.addService(engineGrpc.EngineService, {
    log: ({ request: line }: ServerUnaryCall<LogRequest, object>, answer: Answer<object>) => {
      if (line.getSeverity() === enginePb.LogSeverity.ERROR) told.push(line.getMessage())
      done(undefined, answer)
    },
    setRootResource: (_: unknown, answer: Answer<object>) =>
      answer(null, new enginePb.SetRootResourceResponse()),
  })
  const own = await listen(server)
  return {
    stack,
    registered,
    told,
    complete: () => complete,
    run: (address) => askFor(address, request(stack, own)),
    kill: () => server.forceShutdown(),
  }
}
