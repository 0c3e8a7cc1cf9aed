import { credentials } from '@grpc/grpc-js'
import engineGrpc from '@pulumi/pulumi/proto/engine_grpc_pb.js'
import enginePb from '@pulumi/pulumi/proto/engine_pb.js'
import type { ResourceContext } from './plugin.ts'

type Severity = Parameters<ResourceContext['log']>[0]

/** Lines for the engine's log. Without an engine they are dropped; a failure to deliver one never fails a call. */
export interface EngineLog {
  readonly attach: (address: string) => void
  readonly write: (urn: string, severity: Severity, message: string) => void
  readonly close: () => void
}

const severities: Readonly<Record<Severity, enginePb.LogSeverity>> = {
  debug: 0,
  info: 1,
  warning: 2,
  error: 3,
}

/** A log for the engine at `address`, opened with the first line. */
export const engineLog = (address: string | undefined): EngineLog => {
  let engineAddress = address
  let client: engineGrpc.EngineClient | undefined
  const close = () => {
    client?.close()
    client = undefined
  }
  return {
    attach: (next) => {
      close()
      engineAddress = next
    },
    write: (urn, severity, message) => {
      if (engineAddress === undefined || engineAddress === '') return
      client ??= new engineGrpc.EngineClient(engineAddress, credentials.createInsecure())
      const request = new enginePb.LogRequest()
      request.setSeverity(severities[severity])
      request.setUrn(urn)
      request.setMessage(message)
      client.log(request, () => {})
    },
    close,
  }
}
