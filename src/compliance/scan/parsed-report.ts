import { compareText, type Source } from '../../core/issue.ts'
import { severities } from '../finding.ts'
import type { ScanReport, Vulnerability } from './scan-report.ts'

/** A report as one of the readers gives it, before it is known where it was read. */
export type ParsedReport = Omit<ScanReport, 'source'>

/** The graver severity where two packages have one vulnerability. */
const graver = (a: Vulnerability, b: Vulnerability): Vulnerability =>
  severities.indexOf(a.severity) <= severities.indexOf(b.severity) ? a : b

/** Each vulnerability once, the gravest first, then by id. */
export const uniqueVulnerabilities = (all: readonly Vulnerability[]): readonly Vulnerability[] => {
  const byId = new Map<string, Vulnerability>()
  for (const one of all) {
    const before = byId.get(one.id)
    byId.set(one.id, before === undefined ? one : graver(before, one))
  }
  return [...byId.values()].sort(
    (a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity) || compareText(a.id, b.id),
  )
}

/** Digests in `name@sha256:…` and in plain form. */
export const digestsIn = (texts: readonly (string | null | undefined)[]): readonly string[] => [
  ...new Set(texts.flatMap((text) => /sha256:[0-9a-f]{64}/.exec(text ?? '')?.[0] ?? [])),
]

/** A moment, undefined for none and for Go's zero time, with which a server says "never". */
export const momentOf = (text: string | null | undefined): string | undefined =>
  text === null || text === undefined || text.startsWith('0001-') || Number.isNaN(Date.parse(text))
    ? undefined
    : text

/** The report at its file. */
export const readFrom = (report: ParsedReport, source: Source): ScanReport => ({ ...report, source })
