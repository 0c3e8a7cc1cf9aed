import { digest } from '../../core/canonical.ts'
import type { Waiver } from '../../exception/waiver-schema.ts'
import { type Severity, severities } from '../finding.ts'
import type { CheckSubject, Found, Rule } from '../rule.ts'
import { type ReportsOfImage, reportsOf } from '../scan/reports-of.ts'
import type { ScanReport } from '../scan/scan-report.ts'
import { type Imaged, onceEach } from '../view/imaged.ts'

const dayMilliseconds = 24 * 60 * 60 * 1000

/** What each image's reports are found to be. */
const byImage =
  (find: (image: Imaged, reports: ReportsOfImage, subject: CheckSubject) => readonly Found[]) =>
  (subject: CheckSubject): readonly Found[] =>
    onceEach(subject).flatMap((image) => {
      const facts = subject.images.get(image.image)
      return find(image, reportsOf(image, facts, subject.scans, subject.rights.registry), subject)
    })

const foundIn = ({ service, image }: Imaged, message: string, detail?: string): Found => ({
  message,
  subject: { image, ...(detail === undefined ? {} : { detail }) },
  at: [...service.path, 'image'],
})

const none = byImage((image, { own, others }) =>
  own.length > 0 || others.length > 0
    ? []
    : [foundIn(image, `There is no scan result of image ${image.image}.`)],
)

const otherImage = byImage((image, { own, others }) =>
  own.length > 0
    ? []
    : others
        .slice(0, 1)
        .map(({ scanner }) =>
          foundIn(
            image,
            `The ${scanner} result that names ${image.image} is of another digest: the tag was pushed again since.`,
          ),
        ),
)

const incomplete = byImage((image, { own }) =>
  own.flatMap(({ unfinished, scanner, format }) =>
    unfinished === undefined
      ? []
      : [
          foundIn(
            image,
            `The ${scanner} result of image ${image.image} is not to be relied upon: ${unfinished}.`,
            format,
          ),
        ],
  ),
)

/** Why a result's age is a finding, as the end of a sentence. A moment that lies ahead counts as unknown. */
const tooOld = ({ scannedAt }: ScanReport, now: Date, mostDays: number): string | undefined => {
  const at = scannedAt === undefined ? Number.NaN : Date.parse(scannedAt)
  const days = (now.getTime() - at) / dayMilliseconds
  if (Number.isNaN(days)) return 'does not say when it was made'
  if (days < -1) return `says that it was made on ${scannedAt?.slice(0, 10)}, which is still to come`
  return days > mostDays ? `is ${Math.floor(days)} days old; ${mostDays} are the most` : undefined
}

const old = byImage((image, { own }, { now, rights }) =>
  own.flatMap((report) => {
    const what = tooOld(report, now, rights.settings.scanMaxAgeDays)
    return what === undefined
      ? []
      : [foundIn(image, `The ${report.scanner} result of image ${image.image} ${what}.`, report.format)]
  }),
)

const waivedIds = (image: Imaged, waivers: readonly Waiver[]): ReadonlySet<string> =>
  new Set(
    waivers
      .filter(
        ({ images, services }) =>
          (images?.includes(image.reference?.repository ?? '') ?? true) &&
          (services?.includes(image.service.name) ?? true),
      )
      .flatMap(({ vulnerabilities }) => vulnerabilities ?? []),
  )

/** What a ceiling is held against: one severity's, or those of several that a report counts together. */
interface Counted {
  readonly of: readonly Severity[]
  readonly count: number
  readonly ids: readonly string[]
}

const countedIn = (report: ScanReport, waived: ReadonlySet<string>): readonly Counted[] => {
  const listed = severities.map((severity) => {
    const ids = report.vulnerabilities
      .filter((one) => one.severity === severity && !waived.has(one.id))
      .map(({ id }) => id)
    return { of: [severity], count: ids.length, ids }
  })
  return [...listed, ...report.counted.map((one) => ({ of: one.severities, count: one.count, ids: [] }))]
}

const mostNamed = 5

const named = (ids: readonly string[]): string =>
  ids.length === 0
    ? ''
    : `: ${ids.slice(0, mostNamed).join(', ')}${ids.length > mostNamed ? ` and ${ids.length - mostNamed} more` : ''}`

/** Another vulnerability is another finding: a baseline of those known does not cover it. */
const detailOf = ({ format }: ScanReport, { of, count, ids }: Counted): string =>
  `${format}.${of.join('+')}.${digest(ids.length === 0 ? count : [...ids].sort()).slice(0, 8)}`

const overCeiling = byImage((image, { own }, { rights, waivedVulnerabilities }) =>
  own.flatMap((report) =>
    countedIn(report, waivedIds(image, waivedVulnerabilities)).flatMap((counted) => {
      const most = counted.of.reduce((sum, severity) => sum + rights.settings.ceilings[severity], 0)
      if (counted.count <= most) return []
      return [
        foundIn(
          image,
          `Image ${image.image} has ${counted.count} ${counted.of.join(' or ')} vulnerabilities by ${report.scanner}, and ${most} are the most${named(counted.ids)}.`,
          detailOf(report, counted),
        ),
      ]
    }),
  ),
)

export const scanRules: readonly Rule[] = [
  {
    id: 'scan/none',
    title: 'Every image has a scan result',
    severity: 'high',
    needs: 'scans',
    why: 'No result is not a good result.',
    fix: 'Give the check a result with --scan: a DTR scan summary, or a report of Trivy or Grype as JSON or SARIF.',
    find: none,
  },
  {
    id: 'scan/other-image',
    title: 'The scan result is of the image that runs',
    severity: 'high',
    needs: 'scans',
    why: 'A tag that was pushed again is another image; the old result says nothing of it.',
    fix: 'Scan the image that the compose file names today.',
    find: otherImage,
  },
  {
    id: 'scan/incomplete',
    title: 'The scan came to its end',
    severity: 'high',
    needs: 'scans',
    why: 'A scan that failed or goes on still has found nothing yet, which looks like nothing to find.',
    fix: 'Wait for the scan, or start it again.',
    find: incomplete,
  },
  {
    id: 'scan/too-old',
    title: 'The scan result is recent',
    severity: 'medium',
    needs: 'scans',
    why: 'Vulnerabilities are published every day; an image that was clean in spring is not in autumn.',
    fix: 'Scan again; the allowed age is `compliance.scanMaxAgeDays` of the cluster file.',
    find: old,
  },
  {
    id: 'scan/over-ceiling',
    title: 'No image has more vulnerabilities than the tenant may have',
    severity: 'high',
    needs: 'scans',
    why: 'The ceilings are what the bank bears: those of the cluster, or lower ones of the tenant. A baseline covers the vulnerabilities it was made with; one more is a new finding.',
    fix: 'Rebuild on a base image that is put right, or waive single vulnerabilities in `waivers/` with a reason and an end.',
    find: overCeiling,
  },
]
