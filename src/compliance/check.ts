import type { Source } from '../core/issue.ts'
import type { Loaded } from '../core/loaded.ts'
import { printable } from '../core/printable.ts'
import type { ComplianceRule } from '../exception/compliance-rule.ts'
import { isExpired } from '../exception/expiry.ts'
import type { Waiver } from '../exception/waiver-schema.ts'
import { alwaysOn } from '../policy/binding.ts'
import type { BaselineEntry } from './baseline.ts'
import { catalogue } from './catalogue.ts'
import { apart, type Borne, type Open } from './exceptions.ts'
import {
  type CheckedStack,
  type Finding,
  fingerprintOf,
  type Severity,
  severities,
  sortFindings,
} from './finding.ts'
import type { CheckInput, CheckSubject, Found, Rule, RuleNeed } from './rule.ts'
import { withoutSecretForms } from './secrets/looks-secret.ts'
import type { SignerKeys } from './signer-keys.ts'
import type { TenantRights } from './tenant-rights.ts'
import { type ComposeModel, type Path, valueAt } from './view/compose-model.ts'
import { resourcesOf, servicesOf } from './view/service-view.ts'

/** One stack to check, with everything that was found out about it. */
export interface CheckRequest extends CheckInput {
  /** The stack's name on the cluster. */
  readonly stack: string
  /** Undefined where UCP was not asked whose keys there are. */
  readonly signerKeys?: SignerKeys
  /** Those of the organization on the cluster, ended ones too. */
  readonly waivers: readonly Loaded<Waiver>[]
  readonly baseline: readonly BaselineEntry[]
  readonly baselineFile: string
}

/** A rule that the platform does without. */
export interface SwitchedOff {
  readonly rule: ComplianceRule
  readonly reason: string
}

/** What a check came to. */
export interface CheckResult {
  readonly checked: CheckedStack
  readonly files: readonly string[]
  readonly services: number
  /** What fails the check, gravest first. */
  readonly open: readonly Open[]
  /** What is known and borne, likewise. */
  readonly borne: readonly Borne[]
  /** What was not asked for, so that its rules were left out. */
  readonly left: readonly RuleNeed[]
  /** Rules that were applied. */
  readonly rules: number
  /** Rules that were asked for and that the platform's policy switches off, by id, each with its reason. */
  readonly switchedOff: readonly SwitchedOff[]
  /** Entries of the baseline that no finding answers to any more: they can go. */
  readonly unused: readonly BaselineEntry[]
}

const subjectOf = (request: CheckRequest): CheckSubject => {
  const { model, stack, rights, asked, images, unread, scans, running, now } = request
  return {
    checked: { organization: rights.organization, cluster: rights.cluster, stack },
    model,
    services: servicesOf(model),
    resources: {
      networks: resourcesOf(model, 'networks', stack),
      volumes: resourcesOf(model, 'volumes', stack),
      secrets: resourcesOf(model, 'secrets', stack),
      configs: resourcesOf(model, 'configs', stack),
    },
    rights,
    asked,
    images,
    unread,
    scans,
    running,
    signerKeys: request.signerKeys,
    waivedVulnerabilities: request.waivers.map(({ value }) => value).filter((one) => !isExpired(one, now)),
    now,
  }
}

const isPath = (at: Path | Source): at is Path => Array.isArray(at)

/** A message holds parts of files: one line of at most so many characters. */
const longestMessage = 2000

/** Where a value stands; of one that is missing, the name of the nearest part that it would stand in. */
const placeOf = (model: ComposeModel, path: Path): Source => {
  if (valueAt(model.value, path) !== undefined) return model.locate(path)
  const there = path.map((_, index) => path.slice(0, path.length - 1 - index))
  const around = there.find((part) => part.length > 0 && valueAt(model.value, part) !== undefined)
  return around === undefined ? model.locate([]) : model.locateKey(around)
}

/** Rules that guard others are never made less grave than the catalogue has them. */
const severityOf = ({ id, severity }: Rule, { settings }: TenantRights): Severity => {
  const said = settings.rules.get(id)?.severity
  return said === undefined || (alwaysOn.includes(id) && said !== 'critical') ? severity : said
}

const findingOf = (rule: Rule, found: Found, { model, checked, rights }: CheckSubject): Finding => ({
  rule: rule.id,
  severity: severityOf(rule, rights),
  message: printable(withoutSecretForms(found.message.slice(0, longestMessage))),
  fix: found.fix ?? rule.fix,
  subject: found.subject,
  source: isPath(found.at) ? placeOf(model, found.at) : found.at,
  fingerprint: fingerprintOf(checked, rule.id, found.subject),
})

/** Two findings of one fingerprint are one: YAML aliases show one thing in many places. */
const once = (findings: readonly Finding[]): Finding[] => {
  const byFingerprint = new Map<string, Finding>()
  for (const finding of findings)
    if (!byFingerprint.has(finding.fingerprint)) byFingerprint.set(finding.fingerprint, finding)
  return [...byFingerprint.values()]
}

/** Rules that guard others are applied whatever a policy says. */
const switchedOffOf = (rules: readonly Rule[], { settings }: TenantRights): readonly SwitchedOff[] =>
  rules.flatMap(({ id }) => {
    const setting = settings.rules.get(id)
    return setting?.off !== true || alwaysOn.includes(id) ? [] : [{ rule: id, reason: setting.reason }]
  })

const needs: readonly RuleNeed[] = ['files', 'images', 'scans', 'running']

/**
 * Every rule that was asked for on one stack, and who bears what it finds. Pure and total: the same for the same request, an answer
 * for a model of any shape. Never throws.
 */
export const checkStack = (request: CheckRequest): CheckResult => {
  const subject = subjectOf(request)
  const asked = catalogue.filter((rule) => request.asked.has(rule.needs))
  const switchedOff = switchedOffOf(asked, request.rights)
  const rules = asked.filter(({ id }) => !switchedOff.some(({ rule }) => rule === id))
  const findings = rules.flatMap((rule) => rule.find(subject).map((found) => findingOf(rule, found, subject)))
  const sorted = sortFindings(once(findings))
  const known = new Set(sorted.map(({ fingerprint }) => fingerprint))
  return {
    checked: subject.checked,
    files: request.model.files,
    services: subject.services.length,
    ...apart(sorted, { ...request, neverWaived: request.rights.settings.neverWaived }, request.now),
    left: needs.filter((need) => !request.asked.has(need)),
    rules: rules.length,
    switchedOff,
    unused: request.baseline.filter(({ fingerprint }) => !known.has(fingerprint)),
  }
}

/** Open findings that are at least as grave. */
export const failing = ({ open }: CheckResult, least: Severity): readonly Open[] =>
  open.filter(({ finding }) => severities.indexOf(finding.severity) <= severities.indexOf(least))
