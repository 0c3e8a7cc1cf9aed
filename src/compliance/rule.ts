import type { Source } from '../core/issue.ts'
import type { ComplianceRule } from '../exception/compliance-rule.ts'
import type { Waiver } from '../exception/waiver-schema.ts'
import type { CheckedStack, FindingSubject, Severity } from './finding.ts'
import type { ImageFactsByReference } from './image-facts.ts'
import type { RunningUsage } from './running-usage.ts'
import type { ScanReport } from './scan/scan-report.ts'
import type { SignerKeys } from './signer-keys.ts'
import type { TenantRights } from './tenant-rights.ts'
import type { ComposeModel, Path } from './view/compose-model.ts'
import type { ResourceKind, ResourceView, ServiceView } from './view/service-view.ts'

/** What a rule needs beside the compose file, the tenant and the cluster. */
export type RuleNeed = 'files' | 'images' | 'scans' | 'running'

/** A stack, and what was found out about it. */
export interface CheckInput {
  readonly model: ComposeModel
  readonly rights: TenantRights
  /** What was asked for: rules that need something else are left out. An image, a scan or usage that was asked for and is not there is a finding. */
  readonly asked: ReadonlySet<RuleNeed>
  /** Facts of the images that were read. */
  readonly images: ImageFactsByReference
  /** Why images that were tried could not be read, by reference. */
  readonly unread: ReadonlyMap<string, string>
  readonly scans: readonly ScanReport[]
  /** Undefined where nobody could tell what runs. */
  readonly running: RunningUsage | undefined
  readonly now: Date
}

/** Everything that rules judge by. */
export interface CheckSubject extends CheckInput {
  readonly checked: CheckedStack
  readonly services: readonly ServiceView[]
  readonly resources: Readonly<Record<ResourceKind, readonly ResourceView[]>>
  /** Undefined where nobody asked UCP whose keys there are: then the names of roles count. */
  readonly signerKeys: SignerKeys | undefined
  /** Waivers of single vulnerabilities that hold for this organization and cluster today. */
  readonly waivedVulnerabilities: readonly Waiver[]
}

/** What a rule found, before it has the rule's own words around it. */
export interface Found {
  readonly message: string
  readonly subject: FindingSubject
  /** Where it stands in the model, or would stand; a place outside the model where it is one. */
  readonly at: Path | Source
  /** The way out where it differs from the rule's. */
  readonly fix?: string
}

/** One rule of the catalogue. */
export interface Rule {
  readonly id: ComplianceRule
  /** What it asks for, as a heading. */
  readonly title: string
  readonly severity: Severity
  readonly needs: RuleNeed
  /** Sentences: what goes wrong otherwise. */
  readonly why: string
  /** A sentence: the way out. */
  readonly fix: string
  /** Pure, total: whatever the model holds, it answers and never throws. */
  readonly find: (subject: CheckSubject) => readonly Found[]
}

/** What a rule finds in each service of its own. */
export const inEachService =
  (find: (service: ServiceView, subject: CheckSubject) => readonly Found[]) =>
  (subject: CheckSubject): readonly Found[] =>
    subject.services.flatMap((service) => find(service, subject))
