import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type * as z from 'zod'
import { badRequest } from './refusal.ts'

/** One call, its version prefix taken off. */
export interface EngineRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  /** What the route's pattern caught, in order. */
  readonly parameters: readonly string[]
  readonly body: Buffer
}

/** What to answer: JSON, text, or a stream that writes itself. */
export type EngineAnswer =
  | { readonly status: number; readonly json?: unknown }
  | { readonly status: number; readonly raw: Buffer | string; readonly type: string }
  | { readonly stream: (response: ServerResponse) => void }

export const ok = (json: unknown): EngineAnswer => ({ status: 200, json })
export const created = (json: unknown): EngineAnswer => ({ status: 201, json })
export const noContent: EngineAnswer = { status: 204 }

export const parameter = (request: EngineRequest, position = 0): string => request.parameters[position] ?? ''

/** Errors: `@throws {Refusal}` 400 when the body is not JSON or not of the schema. */
export const bodyOf = <S extends z.ZodType>(request: EngineRequest, schema: S): z.output<S> => {
  let value: unknown
  try {
    value = JSON.parse(request.body.toString('utf8'))
  } catch {
    throw badRequest(request.body.length === 0 ? 'EOF' : 'invalid JSON in the body')
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [first] = parsed.error.issues
  throw badRequest(
    `json: cannot use ${first?.path.join('.') || 'the body'}: ${first?.message ?? 'wrong type'}`,
  )
}

/** The `version` of an update. Errors: `@throws {Refusal}` 400 when it is not a number. */
export const versionOf = (request: EngineRequest): number => {
  const text = request.query.get('version') ?? ''
  if (!/^\d+$/.test(text))
    throw badRequest(`invalid node version '${text}': strconv.ParseUint: parsing "${text}"`)
  return Number(text)
}

export const flag = (request: EngineRequest, name: string): boolean =>
  ['1', 'true', 't'].includes((request.query.get(name) ?? '').toLowerCase())
