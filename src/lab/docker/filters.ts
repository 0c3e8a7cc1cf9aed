import { badRequest, Refusal } from './refusal.ts'
import { goKind } from './request.ts'

/** Go's words for what V8 complains of: a text that ends too early, or has a sign that does not belong there. */
const sentenceOf = (error: unknown, text: string): string => {
  const position = /at position (\d+)/.exec(String(error))?.[1]
  return position === undefined || Number(position) >= text.length
    ? 'unexpected end of JSON input'
    : `invalid character '${text[Number(position)]}' looking for beginning of value`
}

/** The `filters` query parameter: values by filter name. All names must match, any value of a name suffices. */
export type Filters = ReadonlyMap<string, readonly string[]>

const valuesOf = (value: unknown): string[] => {
  if (Array.isArray(value)) return value.map(String)
  // The form of older clients: {"label": {"a=b": true}}.
  if (value !== null && typeof value === 'object')
    return Object.entries(value)
      .filter(([, on]) => on === true)
      .map(([text]) => text)
  throw badRequest('invalid filter')
}

/**
 * Reads the parameter; absent is no filter.
 *
 * Errors: `@throws {Refusal}` with `status`, which differs between calls, when it is not JSON of that form; 400 when it
 * names a filter not in `allowed`.
 */
export const parseFilters = (
  text: string | null,
  allowed?: readonly string[],
  status: 400 | 500 = 500,
): Filters => {
  if (text === null || text === '') return new Map()
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (error) {
    throw new Refusal(status, sentenceOf(error, text))
  }
  if (parsed === null || typeof parsed !== 'object' || Array.isArray(parsed))
    throw new Refusal(
      status,
      `json: cannot unmarshal ${goKind(parsed)} into Go value of type map[string]map[string]bool`,
    )
  const filters = new Map(Object.entries(parsed).map(([name, value]) => [name, valuesOf(value)]))
  for (const name of filters.keys())
    if (allowed?.includes(name) === false) throw badRequest(`Invalid filter '${name}'`)
  return filters
}

/** Whether `name` is not filtered, or `test` accepts one of its values. */
export const passes = (filters: Filters, name: string, test: (value: string) => boolean): boolean => {
  const values = filters.get(name)
  return values === undefined || values.length === 0 || values.some(test)
}

/** `key` or `key=value` against labels; unlike the others, every given label must match (moby's MatchKVList). */
export const passesLabels = (
  filters: Filters,
  name: string,
  labels: Readonly<Record<string, string>> | null | undefined,
): boolean =>
  (filters.get(name) ?? []).every((wanted) => {
    const at = wanted.indexOf('=')
    const key = at < 0 ? wanted : wanted.slice(0, at)
    const value = labels?.[key]
    return value !== undefined && (at < 0 || value === wanted.slice(at + 1))
  })

/** Ids match by prefix, names by substring, as the engine does. */
export const passesIdAndName = (filters: Filters, id: string, name: string): boolean =>
  passes(filters, 'id', (wanted) => id.startsWith(wanted)) &&
  passes(filters, 'name', (wanted) => name.includes(wanted))
