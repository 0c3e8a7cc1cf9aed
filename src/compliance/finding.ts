import { sha256 } from '../core/canonical.ts'
import { compareText, type Source } from '../core/issue.ts'
import type { ComplianceRule } from '../exception/compliance-rule.ts'
import { Severity as Gravity } from '../policy/schema.ts'

/** Gravest first. */
export const severities = Gravity.options
export type Severity = Gravity

/** What a finding is about, so that it is known again when lines have moved. */
export interface FindingSubject {
  /** The service's name in the compose file. */
  readonly service?: string
  /** The image's reference. */
  readonly image?: string
  /**
   * What tells two findings of one rule on one service and image apart: a path in the image, a variable's name, a port. Never a
   * secret, nor a figure that changes from day to day.
   */
  readonly detail?: string
}

/** The result of one rule in one place. */
export interface Finding {
  readonly rule: ComplianceRule
  readonly severity: Severity
  /** One sentence; never holds a secret. */
  readonly message: string
  /** The way out, as a sentence. */
  readonly fix: string
  readonly subject: FindingSubject
  /** Every finding has a place: of what is missing, where it would stand. */
  readonly source: Source
  /** 16 hex digits: the same for the same finding of the same stack as long as it is there, wherever its lines move to. */
  readonly fingerprint: string
}

/** Which compose stack, on whose part of which cluster: what fingerprints begin with. */
export interface CheckedStack {
  readonly organization: string
  readonly cluster: string
  readonly stack: string
}

/** An image's repository: a new tag or digest of it is the same subject. */
const withoutVersion = (image: string): string => image.replace(/@.*$/, '').replace(/:[^/:]*$/, '')

/** The fingerprint of a finding. Images count by their repository, so that a baseline outlives a release. Never throws. */
export const fingerprintOf = (
  { organization, cluster, stack }: CheckedStack,
  rule: ComplianceRule,
  { service = '', image = '', detail = '' }: FindingSubject,
): string =>
  sha256(JSON.stringify([organization, cluster, stack, rule, service, withoutVersion(image), detail])).slice(
    0,
    16,
  )

const rank = (severity: Severity): number => severities.indexOf(severity)

/** The gravest first, then by file, line, column, rule, message. Never throws. */
export const sortFindings = (findings: readonly Finding[]): Finding[] =>
  [...findings].sort(
    (a, b) =>
      rank(a.severity) - rank(b.severity) ||
      compareText(a.source.file, b.source.file) ||
      a.source.line - b.source.line ||
      a.source.column - b.source.column ||
      compareText(a.rule, b.rule) ||
      compareText(a.message, b.message),
  )
