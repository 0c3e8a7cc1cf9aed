import type { ImageFacts } from '../image-facts.ts'
import { type ImageReference, parseImageReference } from '../image-reference.ts'
import type { Imaged } from '../view/imaged.ts'
import type { ScanReport } from './scan-report.ts'

const sameImage = (a: ImageReference, b: ImageReference, registry: string): boolean =>
  a.repository === b.repository &&
  (a.registry === b.registry || (b.registry === 'docker.io' && a.registry === registry)) &&
  (a.tag ?? 'latest') === (b.tag ?? 'latest')

/** Whether a report names the image, with its registry or, as DTR does, without. */
const isNamed = ({ reference }: Imaged, { image }: ScanReport, registry: string): boolean => {
  const named = image === undefined ? undefined : parseImageReference(image)
  if (named === undefined || reference === undefined) return false
  if (sameImage(reference, named, registry)) return true
  const digest = reference.digest
  return digest !== undefined && named.digest === digest && reference.repository === named.repository
}

const digestsOf = ({ reference }: Imaged, facts: ImageFacts | undefined): readonly string[] =>
  [reference?.digest, facts?.digest, facts?.configDigest].filter((digest) => digest !== undefined)

/** Reports of one image, and those that name it by its reference but were made of other bytes. */
export interface ReportsOfImage {
  readonly own: readonly ScanReport[]
  readonly others: readonly ScanReport[]
}

const latest = (reports: readonly ScanReport[]): readonly ScanReport[] => {
  const newest = new Map<string, ScanReport>()
  for (const report of reports) {
    const before = newest.get(report.format)
    if (before === undefined || (before.scannedAt ?? '') < (report.scannedAt ?? ''))
      newest.set(report.format, report)
  }
  return [...newest.values()]
}

/**
 * The latest report of each format on an image. By digest where both sides have one: then a report of the same name on other bytes
 * is another image's. By name otherwise. `registry` is the cluster's own, which DTR leaves out. Pure.
 */
export const reportsOf = (
  image: Imaged,
  facts: ImageFacts | undefined,
  reports: readonly ScanReport[],
  registry: string,
): ReportsOfImage => {
  const digests = digestsOf(image, facts)
  const own: ScanReport[] = []
  const others: ScanReport[] = []
  for (const report of reports) {
    if (report.digests.some((digest) => digests.includes(digest))) own.push(report)
    else if (!isNamed(image, report, registry)) continue
    else if (digests.length > 0 && report.digests.length > 0) others.push(report)
    else own.push(report)
  }
  return { own: latest(own), others }
}
