import type * as z from 'zod'
import type { Checked, Issue } from '../../core/issue.ts'
import { type ParsedReport, readFrom } from './parsed-report.ts'
import { DtrReport, fromDtr } from './read-dtr.ts'
import { fromGrype, GrypeReport } from './read-grype.ts'
import { fromSarif, SarifReport } from './read-sarif.ts'
import { fromTrivy, TrivyReport } from './read-trivy.ts'
import type { ScanFormat, ScanReport } from './scan-report.ts'

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Which scanner wrote it, by what only that one writes. DTR's is left: lists, and summaries without a name. */
const formatOf = (value: unknown): ScanFormat => {
  if (!isObject(value)) return 'dtr'
  if ('runs' in value) return 'sarif'
  if ('SchemaVersion' in value) return 'trivy'
  return 'matches' in value && 'descriptor' in value ? 'grype' : 'dtr'
}

type Read = (value: unknown) => { readonly reports: readonly ParsedReport[] } | { readonly error: z.ZodError }

const reading =
  <T>(schema: z.ZodType<T>, from: (value: T) => readonly ParsedReport[]): Read =>
  (value) => {
    const parsed = schema.safeParse(value)
    return parsed.success ? { reports: from(parsed.data) } : { error: parsed.error }
  }

const readers: Readonly<Record<ScanFormat, Read>> = {
  dtr: reading(DtrReport, fromDtr),
  trivy: reading(TrivyReport, fromTrivy),
  grype: reading(GrypeReport, fromGrype),
  sarif: reading(SarifReport, fromSarif),
}

const titles: Readonly<Record<ScanFormat, string>> = {
  dtr: 'a scan summary of DTR',
  trivy: 'a report of Trivy',
  grype: 'a report of Grype',
  sarif: 'SARIF 2.1.0',
}

const unreadable = (file: string, message: string): Checked<never> => {
  const issue: Issue = {
    code: 'scan-report/unreadable',
    message,
    source: { file, line: 1, column: 1 },
    hint: 'Readable are scan summaries of DTR, JSON of Trivy (`--format json`) and of Grype (`-o json`), and SARIF 2.1.0.',
  }
  return { ok: false, issues: [issue] }
}

const parsed = (text: string): { readonly value: unknown } | { readonly reason: string } => {
  try {
    return { value: JSON.parse(text) }
  } catch (error) {
    return { reason: error instanceof Error ? error.message.slice(0, 200) : 'it is malformed' }
  }
}

const firstProblem = ({ issues }: z.ZodError): string => {
  const [first] = issues
  const path = first?.path.map(String).join('.') ?? ''
  return `${path === '' ? 'its top' : `'${path.slice(0, 200)}'`}: ${first?.message.slice(0, 200) ?? 'malformed'}`
}

/**
 * What scanners found, out of a file of one of their formats; which one, the file tells. `image` is whose it is, where the caller
 * knows better than the file.
 *
 * Issue code: `scan-report/unreadable`. Never throws.
 */
export const readScanReport = (
  file: string,
  text: string,
  image?: string,
): Checked<readonly ScanReport[]> => {
  const json = parsed(text.replace(/^\uFEFF/, ''))
  if ('reason' in json) return unreadable(file, `The scan report is no JSON: ${json.reason}`)
  const format = formatOf(json.value)
  const read = readers[format](json.value)
  if ('error' in read)
    return unreadable(file, `The scan report is not ${titles[format]}: ${firstProblem(read.error)}.`)
  const source = { file, line: 1, column: 1 }
  const reports = read.reports.map((report) =>
    readFrom(image === undefined ? report : { ...report, image }, source),
  )
  return { ok: true, value: reports }
}
