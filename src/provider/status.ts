import { Metadata, type ServiceError, status } from '@grpc/grpc-js'
import providerPb from '@pulumi/pulumi/proto/provider_pb.js'
import statusPb from '@pulumi/pulumi/proto/status_pb.js'
import anyPb from 'google-protobuf/google/protobuf/any_pb.js'
import { Fault, type FaultCode } from '../core/fault.ts'
import { redact } from '../core/redact.ts'
import { type Properties, Unfinished } from './plugin.ts'
import { toStruct } from './struct.ts'

// INTERNAL, DATA_LOSS and UNKNOWN make the engine doubt its whole state ("maybe corrupt"), UNIMPLEMENTED makes it go on
// without us; each only where it is meant (provider_plugin.go of 3.245.0).
const codes: Readonly<Record<FaultCode, status>> = {
  unauthenticated: status.UNAUTHENTICATED,
  forbidden: status.PERMISSION_DENIED,
  'not-found': status.NOT_FOUND,
  conflict: status.FAILED_PRECONDITION,
  'out-of-sequence': status.ABORTED,
  'invalid-request': status.INVALID_ARGUMENT,
  foreign: status.ALREADY_EXISTS,
  'rate-limited': status.RESOURCE_EXHAUSTED,
  unavailable: status.ABORTED,
  unreachable: status.ABORTED,
  certificate: status.FAILED_PRECONDITION,
  'outcome-unknown': status.UNKNOWN,
  timeout: status.DEADLINE_EXCEEDED,
  protocol: status.FAILED_PRECONDITION,
  'missing-tool': status.FAILED_PRECONDITION,
  cancelled: status.CANCELLED,
  'lease-lost': status.FAILED_PRECONDITION,
}

/** An answer that a call cannot be served, by gRPC code. */
export class Refusal extends Error {
  readonly code: status

  constructor(code: status, message: string) {
    super(message)
    this.name = 'Refusal'
    this.code = code
  }
}

const faultText = (fault: Fault): string => {
  const { resource, endpoint, hint } = fault.details
  const about = [
    resource !== undefined && !fault.message.includes(resource) ? resource : undefined,
    endpoint !== undefined && !fault.message.includes(endpoint) ? `at ${endpoint}` : undefined,
  ].filter((part) => part !== undefined)
  return [
    about.length === 0 ? fault.message : `${fault.message} (${about.join(', ')})`,
    ...(hint === undefined ? [] : [hint]),
  ].join(' ')
}

/** What happened, to what, where, and the way out, in one line. A bug says so, with its stack. Never throws. */
const explain = (error: unknown): string => {
  if (error instanceof Unfinished) return explain(error.cause)
  if (error instanceof Fault) return faultText(error)
  if (error instanceof Refusal) return error.message
  return `Bug in the plugin: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
}

const codeOf = (error: unknown): status => {
  if (error instanceof Refusal) return error.code
  return error instanceof Fault ? codes[error.code] : status.UNKNOWN
}

/** A thrown value as the gRPC error the engine shows, with the given secrets blanked out. Never throws. */
export const serviceError = (error: unknown, secrets: readonly string[]): Partial<ServiceError> => ({
  code: codeOf(error),
  details: redact(explain(error), secrets),
})

/**
 * The gRPC error of a resource that exists and is not as it should be: the engine keeps it in the state.
 * Source: `ErrorResourceInitFailed` in provider.proto.
 */
export const unfinishedError = (
  error: Unfinished,
  kept: { readonly inputs: Properties; readonly outputs: Properties },
  secrets: readonly string[],
): Partial<ServiceError> => {
  const reason = redact(explain(error), secrets)
  const failed = new providerPb.ErrorResourceInitFailed()
  failed.setId(error.id)
  failed.setProperties(toStruct(kept.outputs))
  failed.setInputs(toStruct(kept.inputs))
  failed.setReasonsList([reason])
  const packed = new anyPb.Any()
  packed.pack(failed.serializeBinary(), 'pulumirpc.ErrorResourceInitFailed')
  const answer = new statusPb.Status()
  answer.setCode(status.UNKNOWN)
  answer.setMessage(reason)
  answer.addDetails(packed)
  const metadata = new Metadata()
  metadata.add('grpc-status-details-bin', Buffer.from(answer.serializeBinary()))
  return { code: status.UNKNOWN, details: reason, metadata }
}
