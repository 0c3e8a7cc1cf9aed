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
    throw badRequest(request.body.length === 0 ? 'got EOF while reading request body' : 'unexpected EOF')
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [first] = parsed.error.issues
  const given = first?.path.reduce<unknown>(memberOf, value) ?? value
  const place = first?.path.length ? `struct field ${first.path.join('.')}` : 'value'
  throw badRequest(
    `json: cannot unmarshal ${goKind(given)} into Go ${place}: ${first?.message ?? 'wrong type'}`,
  )
}

const memberOf = (value: unknown, key: PropertyKey): unknown =>
  value !== null && typeof value === 'object' ? (value as Record<PropertyKey, unknown>)[key] : value

/** What encoding/json calls a value's kind; numbers that are no whole count are named with their digits. */
export const goKind = (value: unknown): string => {
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value !== 'number') return typeof value
  return Number.isInteger(value) && value >= 0 ? 'number' : `number ${value}`
}

/** The `version` of an update of a kind. Errors: `@throws {Refusal}` 400 when it is not a number. */
export const versionOf = (request: EngineRequest, kind: 'node' | 'service' | 'secret' | 'config'): number => {
  const text = request.query.get('version') ?? ''
  if (/^\d+$/.test(text)) return Number(text)
  throw badRequest(
    kind === 'secret' || kind === 'config'
      ? `invalid ${kind} version`
      : `invalid ${kind} version '${text}': strconv.ParseUint: parsing "${text}": invalid syntax`,
  )
}

export const flag = (request: EngineRequest, name: string): boolean =>
  ['1', 'true', 't'].includes((request.query.get(name) ?? '').toLowerCase())
