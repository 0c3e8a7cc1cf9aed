import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { composeReference } from '../../scripts/compose-reference.ts'
import { missingPart } from '../missing-part.ts'

export type Plain = null | boolean | number | string | Plain[] | { [key: string]: Plain }

const pairs = new Set(['environment', 'labels', 'annotations', 'sysctls', 'args'])

const asText = (value: Plain): Plain => (value === null ? null : String(value))

const pairsOf = (value: Plain): Plain => {
  if (Array.isArray(value))
    return Object.fromEntries(
      value.map((one) => {
        const [key = '', ...rest] = String(one).split('=')
        return [key, String(one).includes('=') ? rest.join('=') : null]
      }),
    )
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, asText(one)]))
}

const lists = new Set(['tmpfs', 'dns_search'])

const hostsOf = (value: Plain[] | { [key: string]: Plain }): Plain[] =>
  Array.isArray(value)
    ? value
    : Object.entries(value).flatMap(([host, one]) =>
        [one].flat().map((address) => `${host}=${String(address)}`),
      )

/** A path as seen from the folder, which the reference makes absolute. */
const shownPath = (text: string, folder: string): string => {
  const absolute = text.startsWith('~/') ? join(homedir(), text.slice(2)) : text
  const isNear = absolute === folder || absolute.startsWith(`${dirname(folder)}/`)
  return (isNear ? relative(folder, absolute) || '.' : absolute).replace(/^\.\//, '')
}

/** What the reference keeps for itself beside a secret of a variable. */
const isInternal = (key: string): boolean => key === 'x-#value'

/** A model in a form in which only real differences are left: no empty parts, pairs as maps, paths from the folder. */
export const comparable = (value: Plain, folder: string, key = ''): Plain => {
  if (pairs.has(key)) return pairsOf(value)
  // The reference leaves these as they are written unless they are merged, and takes both forms.
  if (lists.has(key) && typeof value === 'string') return [value]
  if (key === 'extra_hosts' && typeof value === 'object' && value !== null) return hostsOf(value).sort()
  if (typeof value === 'string') return shownPath(value, folder)
  if (Array.isArray(value)) return value.map((one) => comparable(one, folder))
  if (value === null || typeof value !== 'object') return value
  const parts = Object.entries(value)
    .filter(([name]) => !isInternal(name))
    .map(([name, one]) => [name, comparable(one, folder, name)] as const)
    .filter(([, one]) => !(one !== null && typeof one === 'object' && Object.keys(one).length === 0))
  return Object.fromEntries(parts)
}

const tool = composeReference()

/** Whether the reference parser is built on this machine; says so where it is not. */
export const hasReference = (what: string): boolean => {
  if (existsSync(tool)) return true
  missingPart('compose-reference', what)
  return false
}

/** Files to be merged by the reference, paths absolute. */
export interface ReferenceCase {
  readonly directory: string
  readonly files: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** Where given, the project of one run is asked for too. */
  readonly profiles?: readonly string[]
}

export interface ReferenceAnswer {
  readonly model?: Plain
  readonly error?: string
  /** What `docker compose config` prints. */
  readonly project?: Plain
  readonly projectError?: string
}

/** The models that the reference makes, one for each case. */
export const askReference = (cases: readonly ReferenceCase[]): readonly ReferenceAnswer[] =>
  JSON.parse(execFileSync(tool, { input: JSON.stringify(cases), maxBuffer: 1 << 28 }).toString())
