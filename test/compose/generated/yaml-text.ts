/** A value behind a merge tag. */
export interface Tagged {
  readonly mergeTag: '!reset' | '!override'
  readonly tagged: Written
}

/** Text that stands in the file as it is: `0644`, `*a`. */
export interface Raw {
  readonly raw: string
}

/** What a file says, before it is written. */
export type Written =
  | null
  | boolean
  | number
  | string
  | Tagged
  | Raw
  | readonly Written[]
  | { readonly [key: string]: Written }

const isTagged = (value: object): value is Tagged => 'mergeTag' in value

const isRaw = (value: object): value is Raw => 'raw' in value

/** One line of YAML: texts in double quotes. */
export const flowText = (value: Written): string => {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(flowText).join(', ')}]`
  if (isTagged(value)) return `${value.mergeTag} ${flowText(value.tagged)}`
  if (isRaw(value)) return value.raw
  return `{${Object.entries(value)
    .map(([key, one]) => `${key === '<<' ? key : JSON.stringify(key)}: ${flowText(one)}`)
    .join(', ')}}`
}

const isBlock = (value: Written): value is { readonly [key: string]: Written } =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  !isTagged(value) &&
  !isRaw(value) &&
  Object.keys(value).length > 0

/** A file: the first three levels one key a line, so that places differ; below it one line each. */
export const fileText = (value: Written, depth = 0): string => {
  if (!isBlock(value)) return `${flowText(value)}\n`
  return Object.entries(value)
    .map(([key, one]) => {
      const name = `${'  '.repeat(depth)}${key}:`
      return isBlock(one) && depth < 3 ? `${name}\n${fileText(one, depth + 1)}` : `${name} ${flowText(one)}\n`
    })
    .join('')
}
