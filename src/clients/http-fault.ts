import { Fault, type FaultCode, type FaultDetails } from '../core/fault.ts'
import { cut, redact } from '../core/redact.ts'
import { Secret } from '../core/secret.ts'
import type { HttpAnswer, HttpCall } from './http-call.ts'
import { retryAfterSeconds } from './retry-after.ts'

/** Whom a call went to, as messages name it. */
export interface Server {
  /** E.g. `UCP`. */
  readonly system: string
  readonly endpoint: string
  /** What proves to it who we are, e.g. `the password of svc-tenantry`. */
  readonly credential: string
  /** What no message may show beside the call's own headers. */
  readonly secrets: readonly Secret[]
}

const certificateErrors = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_SIGNATURE_FAILURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
])
const neverSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'EACCES',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** Longest part of a server's answer in a message, in characters. */
const longestReason = 500

const isRead = ({ method, readOnly }: HttpCall): boolean =>
  readOnly ?? (method === 'GET' || method === 'LIST' || method === 'HEAD')

/** Whether a call that is sent twice does what it does once: it reads, or puts or takes away one named thing. */
export const isRepeatable = (call: HttpCall): boolean =>
  isRead(call) ||
  (call.repeatable ?? (call.method === 'PUT' || call.method === 'PATCH' || call.method === 'DELETE'))

export const isReadOnly = isRead

/** A path without its query, which may hold a credential. */
export const pathOnly = (path: string): string => path.split('?', 1)[0] ?? path

const codeOf = (error: unknown): string => {
  for (let at: unknown = error; at instanceof Error; at = at.cause)
    if ('code' in at && typeof at.code === 'string') return at.code
  return ''
}

const codeOfStatus = (status: number, text: string): FaultCode => {
  if (/update out of sequence/i.test(text)) return 'out-of-sequence'
  if (status < 400) return 'protocol'
  if (status === 401) return 'unauthenticated'
  if (status === 403) return 'forbidden'
  if (status === 404) return 'not-found'
  if (status === 409) return 'conflict'
  if (status === 429) return 'rate-limited'
  return status >= 500 ? 'unavailable' : 'invalid-request'
}

/** The parts of an `Authorization` header that a server may repeat alone. */
const credentialsIn = (header: string): string[] => {
  const [scheme, token = ''] = header.split(' ')
  if (scheme !== 'Basic') return token === '' ? [] : [token]
  const [, ...password] = Buffer.from(token, 'base64').toString('utf8').split(':')
  return [token, password.join(':')]
}

/** The sentence in an error body of UCP, DTR, the engine or Vault; the text itself where it is none of theirs. */
export const messageOf = (text: string): string => {
  try {
    const body: unknown = JSON.parse(text)
    if (body !== null && typeof body === 'object') {
      if ('message' in body && typeof body.message === 'string') return body.message
      if ('errors' in body && Array.isArray(body.errors))
        return body.errors
          .map((one: unknown) =>
            one !== null && typeof one === 'object' && 'message' in one
              ? `${'code' in one ? `${String(one.code)}: ` : ''}${String(one.message)}`
              : String(one),
          )
          .join('; ')
    }
  } catch {
    // Not JSON: UCP answers some errors in plain text (reference §1.6).
  }
  return text.trim()
}

/** What the server says, without what it repeats of our credentials. */
const reasonOf = (
  { headers = {}, secrets: inBody = [] }: HttpCall,
  { text }: HttpAnswer,
  { secrets }: Server,
): string => {
  const sent = [...Object.values(headers).filter((one) => one instanceof Secret), ...inBody, ...secrets]
  const texts = sent.map((one) => one.reveal())
  return cut(redact(messageOf(text), [...texts, ...texts.flatMap(credentialsIn)]), longestReason)
}

/** What is said of every fault of a call. */
export const detailsOf = (call: HttpCall, { endpoint }: Server): FaultDetails => ({
  endpoint,
  call: `${call.method} ${pathOnly(call.path)}`,
  ...(call.resource === undefined ? {} : { resource: call.resource }),
})

const observedFirst = 'Run again: what happened is observed first.'

const hints: Partial<Record<FaultCode, (server: Server, waitSeconds: number | undefined) => string>> = {
  unauthenticated: ({ credential }) =>
    `Check ${credential}: it may be wrong, have expired or been revoked. Then run again.`,
  forbidden: ({ system, credential }) =>
    `${credential[0]?.toUpperCase()}${credential.slice(1)} does not carry the right for this call: have an administrator of ${system} give it, then run again.`,
  'not-found': () =>
    'What this belongs to is gone: `tenantry refresh` finds what was removed, then run again.',
  conflict: ({ system }) =>
    `It is in use, has been made or is being changed by somebody else: look at it in ${system}, then run again.`,
  'out-of-sequence': () => 'Somebody changed it at the same moment: run again, it is read anew first.',
  'rate-limited': (_, waitSeconds) =>
    `It is asked too often${waitSeconds === undefined ? '' : ` and wants to be left alone for ${waitSeconds} s`}: wait, then run again.`,
  unavailable: ({ system }) =>
    `Look at the health and the log of ${system}, wait until it is well, then run again.`,
  'outcome-unknown': () => observedFirst,
  protocol: ({ system }) =>
    `It sends its callers elsewhere: point the address to where ${system} itself answers.`,
  'invalid-request': () =>
    'Correct what it names in the tenant’s or the cluster’s file; where they are right, check the server’s version.',
}

/** The fault of an answer of 300 and above: a redirection is not followed, so that what it stands for was not done. */
export const answerFault = (call: HttpCall, answer: HttpAnswer, server: Server, now: number): Fault => {
  // A gateway that gave up says nothing about what happened behind it.
  const isLost = !isRead(call) && (answer.status === 502 || answer.status === 504)
  const code = isLost ? 'outcome-unknown' : codeOfStatus(answer.status, answer.text)
  const waitSeconds = retryAfterSeconds(answer.headers['retry-after'], now)
  const hint = hints[code]?.(server, waitSeconds)
  const mayRepeat = isRepeatable(call) && (code === 'unavailable' || code === 'outcome-unknown')
  return new Fault(
    code,
    `${server.system} at ${server.endpoint} refused ${call.method} ${pathOnly(call.path)} with ${answer.status}: ${reasonOf(call, answer, server) || 'no reason given'}`,
    {
      // 429 and 503 say that the call was not taken up.
      retryable: mayRepeat || code === 'rate-limited' || (answer.status === 503 && code === 'unavailable'),
      details: {
        ...detailsOf(call, server),
        status: answer.status,
        ...(hint === undefined ? {} : { hint }),
        ...(waitSeconds === undefined ? {} : { retryAfterSeconds: waitSeconds }),
      },
    },
  )
}

/** Whether a call ended because its time was over. */
export const isTimeout = (cause: unknown): boolean => cause instanceof Error && cause.name === 'TimeoutError'

/** The fault of a call that got no answer. */
export const connectionFault = (
  call: HttpCall,
  cause: unknown,
  { server, timeoutMilliseconds }: { readonly server: Server; readonly timeoutMilliseconds: number },
): Fault => {
  const code = codeOf(cause)
  const details = detailsOf(call, server)
  const where = `${server.system} at ${server.endpoint}`
  if (certificateErrors.has(code))
    return new Fault('certificate', `${where} showed a certificate that is not trusted (${code}).`, {
      cause,
      details: {
        ...details,
        hint: 'Check the CA file of this connection, and that the endpoint’s name is in its certificate.',
      },
    })
  if (neverSent.has(code))
    return new Fault('unreachable', `${where} cannot be reached for ${details.call} (${code}).`, {
      cause,
      retryable: true,
      details: {
        ...details,
        hint: 'Check the address, the network and that the system is up; then run again.',
      },
    })
  const timedOut = isTimeout(cause)
  const lostRead = timedOut ? 'timeout' : 'unreachable'
  return new Fault(
    isRead(call) ? lostRead : 'outcome-unknown',
    timedOut
      ? `${where} did not answer ${details.call} within ${timeoutMilliseconds / 1000} s.`
      : `The connection to ${where} broke during ${details.call} (${code || 'no code'}).`,
    { cause, retryable: isRepeatable(call), details: { ...details, hint: observedFirst } },
  )
}
