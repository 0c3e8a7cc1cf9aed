/** Why a text with variables has no value. */
export type SubstitutionProblem =
  | { readonly kind: 'invalid'; readonly at: number }
  | { readonly kind: 'required'; readonly variable: string; readonly reason: string }

/** What a text becomes once its variables are filled in. */
export interface Substitution {
  readonly text: string
  readonly problem?: SubstitutionProblem
  /** Variables that are not set, have no default, and became nothing. */
  readonly unset: readonly string[]
}

/** The value of a variable; undefined where it is not set. */
export type Lookup = (variable: string) => string | undefined

/** Deepest nesting of defaults within defaults. */
const deepestDefault = 32

interface Filling {
  readonly lookup: Lookup
  readonly unset: Set<string>
  problem: SubstitutionProblem | undefined
}

const variableAt = /[_a-zA-Z][_a-zA-Z0-9]*/y
const operatorAt = /:?[-+?]/y

const matchAt = (pattern: RegExp, text: string, index: number): string | undefined => {
  pattern.lastIndex = index
  return pattern.exec(text)?.[0]
}

/** Index of the brace that closes the one at `open`; -1 where none does on its line. */
const closingBrace = (text: string, open: number): number => {
  let depth = 0
  for (let index = open; index < text.length; index++) {
    const char = text[index]
    if (char === '\n') return -1
    if (char === '{') depth++
    if (char === '}' && --depth === 0) return index
  }
  return -1
}

const plainVariable = (name: string, filling: Filling): string => {
  const value = filling.lookup(name)
  if (value === undefined) filling.unset.add(name)
  return value ?? ''
}

const withOperator = (
  name: string,
  operator: string,
  rest: string,
  filling: Filling,
  depth: number,
): string => {
  const value = filling.lookup(name)
  const isSet = value !== undefined && !(operator.startsWith(':') && value === '')
  switch (operator.slice(-1)) {
    case '-':
      return isSet ? value : fill(rest, filling, depth + 1)
    case '+':
      return isSet ? fill(rest, filling, depth + 1) : (value ?? '')
    default:
      if (isSet) return value
      filling.problem ??= {
        kind: 'required',
        variable: name,
        reason: fill(rest, filling, depth + 1),
      }
      return ''
  }
}

const refuse = (filling: Filling, at: number): '' => {
  filling.problem ??= { kind: 'invalid', at }
  return ''
}

/** The value of `${…}`, whose brace stands at `open`. */
const braced = (text: string, open: number, close: number, filling: Filling, depth: number): string => {
  const name = matchAt(variableAt, text, open + 1)
  if (name === undefined || depth > deepestDefault) return refuse(filling, open - 1)
  const after = open + 1 + name.length
  if (after === close) return plainVariable(name, filling)
  const operator = matchAt(operatorAt, text, after)
  if (operator === undefined) return refuse(filling, open - 1)
  return withOperator(name, operator, text.slice(after + operator.length, close), filling, depth)
}

const fill = (text: string, filling: Filling, depth: number): string => {
  let result = ''
  let index = 0
  while (index < text.length) {
    const dollar = text.indexOf('$', index)
    if (dollar === -1) return result + text.slice(index)
    result += text.slice(index, dollar)
    index = dollar + 2
    const next = text[dollar + 1]
    const name = matchAt(variableAt, text, dollar + 1)
    if (next === '$') result += '$'
    else if (name !== undefined) {
      result += plainVariable(name, filling)
      index = dollar + 1 + name.length
    } else if (next === '{') {
      const close = closingBrace(text, dollar + 1)
      if (close === -1) return result + refuse(filling, dollar)
      result += braced(text, dollar + 1, close, filling, depth)
      index = close + 1
    } else {
      result += '$'
      index = dollar + 1
    }
  }
  return result
}

/**
 * A text with its variables filled in: `$NAME`, `${NAME}`, `${NAME:-default}` and `${NAME-default}`, `${NAME:+value}` and
 * `${NAME+value}`, `${NAME:?reason}` and `${NAME?reason}`, nested, and `$$` for a dollar. A value is not filled in again.
 * Source: the Compose specification, "Interpolation". Never throws.
 */
export const substitute = (text: string, lookup: Lookup): Substitution => {
  if (!text.includes('$')) return { text, unset: [] }
  const filling: Filling = { lookup, unset: new Set(), problem: undefined }
  const filled = fill(text, filling, 0)
  return {
    text: filled,
    unset: [...filling.unset],
    ...(filling.problem === undefined ? {} : { problem: filling.problem }),
  }
}
