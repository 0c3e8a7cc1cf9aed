import type { Source } from '../../core/issue.ts'
import type { Severity } from '../finding.ts'

/** One vulnerability of an image, once however many packages have it. */
export interface Vulnerability {
  /** `CVE-2024-6387`, `GHSA-…`, or whatever the scanner calls it. */
  readonly id: string
  readonly severity: Severity
  /** Package and version, `openssl 3.0.11`, for people. */
  readonly package?: string
  /** The version that puts it right, where there is one. */
  readonly fixedIn?: string
}

/** A number of vulnerabilities of which a report tells no more; DTR's critical ones are our critical and high ones together. */
export interface CountedVulnerabilities {
  readonly severities: readonly Severity[]
  readonly count: number
}

/** What a scanner found in one image. */
export interface ScanReport {
  readonly format: ScanFormat
  /** As it names itself, with its version where it tells. */
  readonly scanner: string
  /** The image as the report names it; undefined where it does not. */
  readonly image: string | undefined
  /** Digests that the report names the image by: of its manifest, of its configuration. */
  readonly digests: readonly string[]
  /** When the scan ended, ISO 8601; undefined where the report does not tell. */
  readonly scannedAt: string | undefined
  /** Why the scan is not to be relied upon, e.g. that it goes on still; undefined where it ended. */
  readonly unfinished: string | undefined
  /** Sorted by severity, then id. Beside them `counted` holds what is only counted; one of the two is empty. */
  readonly vulnerabilities: readonly Vulnerability[]
  readonly counted: readonly CountedVulnerabilities[]
  /** The file that it was read from, at its beginning. */
  readonly source: Source
}

export type ScanFormat = 'dtr' | 'trivy' | 'grype' | 'sarif'
