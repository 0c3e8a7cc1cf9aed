import * as z from 'zod'
import { digestsIn, momentOf, type ParsedReport, uniqueVulnerabilities } from './parsed-report.ts'
import type { CountedVulnerabilities, Vulnerability } from './scan-report.ts'
import { severityOfScore } from './severity-of.ts'

const Counts = z.object({ critical: z.int().min(0), major: z.int().min(0), minor: z.int().min(0) })

const Detail = z.object({
  components: z
    .array(
      z.object({
        component: z.string().nullish(),
        version: z.string().nullish(),
        vulns: z
          .array(z.object({ vuln: z.object({ cve: z.string(), cvss: z.number().nullish() }) }))
          .nullish(),
      }),
    )
    .nullish(),
})

/** What tags carry (`vuln_summary`), webhooks send, and `/imagescan/repositories/…` answers, there with details. Source: reference §8.4, §8.5. */
const OldSummary = Counts.extend({
  namespace: z.string(),
  reponame: z.string(),
  tag: z.string(),
  last_scan_status: z.int(),
  check_completed_at: z.string().nullish(),
  layer_details: z.array(Detail).nullish(),
})

/** What `/imagescan/scansummary/repositories/…` answers. Source: reference §8.5. */
const NewSummary = z.object({
  scanStatus: z.int(),
  checkCompletedAt: z.string().nullish(),
  lastScanAt: z.string().nullish(),
  scannedImage: z.object({
    namespace: z.string(),
    repository: z.string(),
    tag: z.string(),
    manifestDigest: z.string().nullish(),
    totalVulnCount: Counts,
    cves: z.array(z.object({ cvePK: z.string(), cvss: z.number().nullish() })).nullish(),
    checkCompletedAt: z.string().nullish(),
  }),
})

/** A tag of the registry, as `/repositories/…/tags` lists it. */
const Tag = z.object({ digest: z.string().nullish(), vuln_summary: OldSummary })

const Summary = z.union([OldSummary, NewSummary, Tag])

/** One summary, or the list that DTR answers with. */
export const DtrReport = z.union([Summary, z.array(Summary).min(1).max(10_000)])

/** What each status but the last one means. Source: reference §8.5. */
const statusWords: Readonly<Record<number, string>> = {
  0: 'it failed',
  1: 'nobody has scanned the image',
  2: 'it goes on still',
  3: 'it waits for a worker',
  4: 'it was not held against the database yet',
  5: 'it is being held against the database',
}
const completed = 6

const unfinished = (status: number, completedAt: string | undefined): string | undefined => {
  if (status === completed && completedAt !== undefined) return undefined
  return statusWords[status] ?? 'it does not say that it ended'
}

/** DTR's classes by CVSS: critical from 7, major from 4. Source: reference §8.5. */
const countedOf = ({ critical, major, minor }: z.infer<typeof Counts>): readonly CountedVulnerabilities[] => [
  { severities: ['critical', 'high'], count: critical },
  { severities: ['medium'], count: major },
  { severities: ['low'], count: minor },
]

/** Single vulnerabilities where the answer tells as many as it counts; the counts otherwise: a list that is cut looks clean. */
const foundIn = (listed: readonly Vulnerability[], counts: z.infer<typeof Counts>) => {
  const unique = uniqueVulnerabilities(listed)
  const total = counts.critical + counts.major + counts.minor
  return unique.length > 0 && unique.length >= total
    ? { vulnerabilities: unique, counted: [] }
    : { vulnerabilities: [], counted: countedOf(counts) }
}

const listedIn = (details: readonly z.infer<typeof Detail>[]): Vulnerability[] =>
  details.flatMap(({ components }) =>
    (components ?? []).flatMap(({ component, version, vulns }) =>
      (vulns ?? []).map(({ vuln }) => ({
        id: vuln.cve,
        severity: severityOfScore(vuln.cvss ?? 5),
        ...(component ? { package: [component, version ?? ''].join(' ').trim() } : {}),
      })),
    ),
  )

const fromOld = (summary: z.infer<typeof OldSummary>, digest: string | null | undefined): ParsedReport => {
  const completedAt = momentOf(summary.check_completed_at)
  return {
    format: 'dtr',
    scanner: 'DTR',
    image: `${summary.namespace}/${summary.reponame}:${summary.tag}`,
    digests: digestsIn([digest]),
    scannedAt: completedAt,
    unfinished: unfinished(summary.last_scan_status, completedAt),
    ...foundIn(listedIn(summary.layer_details ?? []), summary),
  }
}

const fromNew = ({ scannedImage, ...summary }: z.infer<typeof NewSummary>): ParsedReport => {
  const completedAt = momentOf(
    summary.checkCompletedAt ?? scannedImage.checkCompletedAt ?? summary.lastScanAt,
  )
  const listed = (scannedImage.cves ?? []).map(({ cvePK, cvss }) => ({
    id: cvePK,
    severity: severityOfScore(cvss ?? 5),
  }))
  return {
    format: 'dtr',
    scanner: 'DTR',
    image: `${scannedImage.namespace}/${scannedImage.repository}:${scannedImage.tag}`,
    digests: digestsIn([scannedImage.manifestDigest]),
    scannedAt: completedAt,
    unfinished: summary.scanStatus === completed ? undefined : unfinished(summary.scanStatus, completedAt),
    ...foundIn(listed, scannedImage.totalVulnCount),
  }
}

/** A report for each summary. Pure. */
export const fromDtr = (report: z.infer<typeof DtrReport>): readonly ParsedReport[] =>
  (Array.isArray(report) ? report : [report]).map((one) => {
    if ('scannedImage' in one) return fromNew(one)
    return 'vuln_summary' in one ? fromOld(one.vuln_summary, one.digest) : fromOld(one, undefined)
  })
