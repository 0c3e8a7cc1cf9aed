import { InvalidArgumentError } from 'commander'
import { type Severity, severities } from '../../compliance/finding.ts'
import type { ImagesFrom } from './read-images.ts'

export const formats = ['terminal', 'json', 'sarif', 'junit', 'markdown', 'github'] as const
export type Format = (typeof formats)[number]

/** A report to write beside what is printed. */
export interface Output {
  readonly format: Format
  readonly file: string
}

/** A scan report, and whose it is where the caller says so. */
export interface NamedScan {
  readonly image: string | undefined
  readonly file: string
}

export interface CheckOptions {
  readonly tenant: string
  readonly cluster: string
  readonly application?: string
  readonly stack?: string
  readonly static?: boolean
  readonly envFile: readonly string[]
  readonly scan: readonly NamedScan[]
  readonly imageFacts: readonly string[]
  readonly images?: ImagesFrom
  readonly clamd?: string
  readonly running?: string
  readonly baseline?: string
  readonly writeBaseline?: string
  readonly owner?: string
  readonly reason?: string
  readonly expires?: string
  readonly failOn: Severity
  readonly format: Format
  readonly output: readonly Output[]
}

const formatOf = (text: string): Format => {
  const format = formats.find((one) => one === text)
  if (format === undefined) throw new InvalidArgumentError(`Give one of ${formats.join(', ')}.`)
  return format
}

/** `sarif=compliance.sarif`, for a repeated option. */
export const output = (text: string, before: readonly Output[]): readonly Output[] => {
  const at = text.indexOf('=')
  if (at < 1 || at === text.length - 1)
    throw new InvalidArgumentError('Give a format and a file, e.g. sarif=compliance.sarif.')
  return [...before, { format: formatOf(text.slice(0, at)), file: text.slice(at + 1) }]
}

/** `report.json`, or `retail-banking/api:1.4=report.json` where the report does not name its image; for a repeated option. */
export const namedScan = (text: string, before: readonly NamedScan[]): readonly NamedScan[] => {
  const at = text.lastIndexOf('=')
  return [
    ...before,
    at < 1 ? { image: undefined, file: text } : { image: text.slice(0, at), file: text.slice(at + 1) },
  ]
}

export const severity = (text: string): Severity => {
  const found = severities.find((one) => one === text)
  if (found === undefined) throw new InvalidArgumentError(`Give one of ${severities.join(', ')}.`)
  return found
}
