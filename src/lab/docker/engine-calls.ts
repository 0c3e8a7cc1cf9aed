import { request } from 'node:http'
import type { Readable } from 'node:stream'
import { Fault } from '../../core/fault.ts'

/** One call to an engine on a unix socket. */
export interface EngineCall {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** With its query, without a version prefix. */
  readonly path: string
  /** Sent as JSON. */
  readonly json?: unknown
  /** Sent as a tar archive. */
  readonly archive?: () => Readable
  /** Five minutes where absent. */
  readonly timeoutMilliseconds?: number
}

export interface CallAnswer {
  readonly status: number
  /** Undefined where the body is none. */
  readonly json: unknown
  readonly text: string
}

const standardTimeoutMilliseconds = 300_000

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const headersOf = ({ json, archive }: EngineCall): Record<string, string> => ({
  host: 'docker',
  ...(json === undefined ? {} : { 'content-type': 'application/json' }),
  ...(archive === undefined ? {} : { 'content-type': 'application/x-tar' }),
})

/** Sends one call and answers whatever comes. Rejects with the system's error where nobody listens. */
export const sendToEngine = (socketPath: string, call: EngineCall): Promise<CallAnswer> =>
  new Promise((resolve, reject) => {
    const { method, path, json, archive } = call
    const sent = request({ socketPath, method, path, headers: headersOf(call), agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        resolve({ status: response.statusCode ?? 0, json: parsed(text), text })
      })
    })
    sent.setTimeout(call.timeoutMilliseconds ?? standardTimeoutMilliseconds, () =>
      sent.destroy(new Error(`${method} ${path.split('?', 1)[0]} was not answered in time`)),
    )
    sent.on('error', reject)
    if (archive === undefined) sent.end(json === undefined ? undefined : JSON.stringify(json))
    else archive().on('error', reject).pipe(sent)
  })

const sentenceOf = ({ json, text }: CallAnswer): string =>
  json !== null && typeof json === 'object' && 'message' in json ? String(json.message) : text.trim()

/** The answer of a call that must succeed. @throws {Fault} `unavailable` with the engine's sentence; bodies sent are never told. */
export const callEngine = async (socketPath: string, call: EngineCall): Promise<CallAnswer> => {
  const answer = await sendToEngine(socketPath, call)
  if (answer.status < 400) return answer
  const path = call.path.split('?', 1)[0]
  throw new Fault('unavailable', `The engine refused ${call.method} ${path}: ${sentenceOf(answer)}`, {
    details: { endpoint: `unix://${socketPath}`, call: `${call.method} ${path}`, status: answer.status },
  })
}
