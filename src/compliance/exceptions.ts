import type { Loaded } from '../core/loaded.ts'
import type { ComplianceRule } from '../exception/compliance-rule.ts'
import { isExpired } from '../exception/expiry.ts'
import type { Waiver } from '../exception/waiver-schema.ts'
import type { BaselineEntry } from './baseline.ts'
import type { Finding } from './finding.ts'
import { parseImageReference } from './image-reference.ts'

/** Why a finding fails nothing: who bears it, for which reason, until when. */
export interface Exception {
  readonly kind: 'waiver' | 'baseline'
  /** The file that it stands in. */
  readonly file: string
  readonly owner: string
  readonly reason: string
  /** The last day on which it holds. */
  readonly expires: string
}

/** A finding that is known and borne. */
export interface Borne {
  readonly finding: Finding
  readonly by: Exception
}

/** A finding and, where an exception was for it and is over, which. */
export interface Open {
  readonly finding: Finding
  readonly ended?: Exception
}

/** What findings may be borne by. */
export interface Exceptions {
  readonly waivers: readonly Loaded<Waiver>[]
  readonly baseline: readonly BaselineEntry[]
  readonly baselineFile: string
  /** Rules whose findings nobody bears. */
  readonly neverWaived: readonly ComplianceRule[]
}

const repositoryOf = (image: string | undefined): string | undefined =>
  image === undefined ? undefined : parseImageReference(image)?.repository

const isFor = ({ value }: Loaded<Waiver>, { rule, subject }: Finding): boolean =>
  value.vulnerabilities === undefined &&
  value.rules.includes(rule) &&
  (value.services === undefined || value.services.some((name) => name === subject.service)) &&
  (value.images === undefined || value.images.some((name) => name === repositoryOf(subject.image)))

const exceptionsFor = (finding: Finding, exceptions: Exceptions): Exception[] => {
  const { waivers, baseline, baselineFile, neverWaived } = exceptions
  if (neverWaived.includes(finding.rule)) return []
  const ofWaivers = waivers
    .filter((waiver) => isFor(waiver, finding))
    .map(({ file, value: { owner, reason, expires } }) => ({
      kind: 'waiver' as const,
      file,
      owner,
      reason,
      expires,
    }))
  const ofBaseline = baseline
    .filter(({ fingerprint, rule }) => fingerprint === finding.fingerprint && rule === finding.rule)
    .map(({ owner, reason, expires }) => ({
      kind: 'baseline' as const,
      file: baselineFile,
      owner,
      reason,
      expires,
    }))
  return [...ofWaivers, ...ofBaseline]
}

/** Findings apart: those that fail the check and those that somebody bears today. Keeps the order. Pure. */
export const apart = (
  findings: readonly Finding[],
  exceptions: Exceptions,
  now: Date,
): { readonly open: readonly Open[]; readonly borne: readonly Borne[] } => {
  const open: Open[] = []
  const borne: Borne[] = []
  for (const finding of findings) {
    const found = exceptionsFor(finding, exceptions)
    const by = found.find((one) => !isExpired(one, now))
    const [ended] = found
    if (by !== undefined) borne.push({ finding, by })
    else open.push(ended === undefined ? { finding } : { finding, ended })
  }
  return { open, borne }
}

/** Waivers for an organization, by its present or its first name, on a cluster. Pure. */
export const waiversFor = (
  waivers: readonly Loaded<Waiver>[],
  organizations: readonly string[],
  cluster: string,
): readonly Loaded<Waiver>[] =>
  waivers.filter(
    ({ value }) =>
      organizations.includes(value.organization) &&
      (value.clusters === undefined || value.clusters.includes(cluster)),
  )
