import { writeFile } from 'node:fs/promises'
import type { Cluster } from '../../cluster/schema.ts'
import { type BaselineTerms, baselineTerms, baselineText } from '../../compliance/baseline.ts'
import { type CheckRequest, checkStack, failing } from '../../compliance/check.ts'
import { waiversFor } from '../../compliance/exceptions.ts'
import type { RuleNeed } from '../../compliance/rule.ts'
import { tenantRights } from '../../compliance/tenant-rights.ts'
import type { ComposeModel } from '../../compliance/view/compose-model.ts'
import { servicesOf } from '../../compliance/view/service-view.ts'
import type { Checked, Issue } from '../../core/issue.ts'
import { fileFault } from '../../engine/state-fault.ts'
import type { Fleet } from '../../load/fleet.ts'
import { organizationMadeAs } from '../../tenant/former-name.ts'
import type { CommandContext } from '../command-context.ts'
import { exitCode, UsageError } from '../exit-code.ts'
import { loadOrReport, reportIssues } from '../load-or-report.ts'
import { stackParties } from '../stack-parties.ts'
import type { CheckOptions } from './check-options.ts'
import { baselineIn, imageFactsIn, scansIn, stackName, whatRuns } from './gather.ts'
import { type ReadImages, readImages } from './read-images.ts'
import { type ReadStack, readStack } from './read-stack.ts'
import { showResult } from './show-result.ts'
import { signerKeysOf } from './signer-keys.ts'

const asked = (isStatic: boolean): ReadonlySet<RuleNeed> =>
  new Set(isStatic ? ['files'] : ['files', 'images', 'scans', 'running'])

/** Options that ask for more than the files. */
const beyondFiles = ({ images, imageFacts, clamd, scan, running }: CheckOptions): boolean =>
  images !== undefined ||
  clamd !== undefined ||
  running !== undefined ||
  imageFacts.length > 0 ||
  scan.length > 0

const refuseContradictions = (options: CheckOptions): void => {
  if (options.static === true && beyondFiles(options))
    throw new UsageError(
      '--static checks the files alone; images, scans and what runs would not be looked at.',
      'Leave --static away, or the others.',
    )
  if (options.clamd !== undefined && options.images === undefined)
    throw new UsageError(
      '--clamd scans images as they are read, and none is read.',
      'Add --images, e.g. --images registry.',
    )
}

type Gathered = Pick<CheckRequest, 'images' | 'unread' | 'scans' | 'running' | 'baseline' | 'signerKeys'>

/** Facts that were written down, and those of images that are read now. @throws {Fault} where one cannot be asked for. */
const imagesOf = async (
  { terminal }: CommandContext,
  options: CheckOptions,
  cluster: Cluster,
  model: ComposeModel,
): Promise<Checked<ReadImages>> => {
  const known = imageFactsIn(options.imageFacts)
  if (!known.ok) return known
  const { images: from, clamd } = options
  if (from === undefined) return { ok: true, value: { images: known.value, unread: new Map() } }
  const references = servicesOf(model).flatMap(({ image }) =>
    image === undefined || known.value.has(image) ? [] : [image],
  )
  const read = await readImages({ references, from, clamd, cluster, environment: process.env, terminal })
  return { ok: true, value: { images: new Map([...known.value, ...read.images]), unread: read.unread } }
}

/** Whose keys sign, where signatures are read and somebody must have signed. @throws {Fault} where UCP does not answer. */
const signersOf = async (
  { images }: CheckOptions,
  cluster: Cluster,
): Promise<Pick<CheckRequest, 'signerKeys'>> => {
  const { required, signers } = cluster.contentTrust
  if (images?.kind !== 'registry' || !required || Object.keys(signers).length === 0) return {}
  return { signerKeys: await signerKeysOf(cluster, process.env) }
}

const gathered = async (
  context: CommandContext,
  options: CheckOptions,
  cluster: Cluster,
  request: Pick<CheckRequest, 'model' | 'rights' | 'stack' | 'now'>,
): Promise<Checked<Gathered>> => {
  const { model, rights, stack, now } = request
  const images = await imagesOf(context, options, cluster, model)
  const scans = scansIn(options.scan)
  const running = await whatRuns(options.running, cluster, process.env)
  const checked = { organization: rights.organization, cluster: rights.cluster, stack }
  const baseline = baselineIn(options, checked, now)
  const signerKeys = await signersOf(options, cluster)
  if (images.ok && scans.ok && running.ok && baseline.ok)
    return {
      ok: true,
      value: {
        ...images.value,
        ...signerKeys,
        scans: scans.value,
        running: running.value,
        baseline: baseline.value,
      },
    }
  const issues = [images, scans, running, baseline].flatMap((one): readonly Issue[] =>
    one.ok ? [] : one.issues,
  )
  return { ok: false, issues }
}

const requestFor = async (
  context: CommandContext,
  fleet: Fleet,
  { model }: ReadStack,
  options: CheckOptions,
): Promise<Checked<CheckRequest>> => {
  const parties = stackParties(fleet, options)
  const [tenant, cluster] = [parties.tenant.value, parties.cluster.value]
  const now = new Date()
  const rights = tenantRights(tenant, cluster, options.application, fleet.policy?.value)
  const stack = stackName(options, model)
  const found = await gathered(context, options, cluster, { model, rights, stack, now })
  if (!found.ok) return found
  const names = [tenant.organization, organizationMadeAs(tenant)]
  return {
    ok: true,
    value: {
      model,
      stack,
      rights,
      now,
      asked: asked(options.static === true),
      waivers: waiversFor(fleet.waivers, names, cluster.cluster),
      baselineFile: options.baseline ?? '',
      ...found.value,
    },
  }
}

/** Who bears what a new baseline takes in. @throws {UsageError} where a part is missing or malformed. */
const termsOf = ({ owner, reason, expires }: CheckOptions, now: Date): BaselineTerms => {
  const terms = baselineTerms({ owner, reason, expires }, now)
  if (terms.ok) return terms.value
  throw new UsageError(
    `--write-baseline needs --owner, --reason and --expires: ${terms.issues.map(({ message }) => message).join(' ')}`,
    'e.g. --owner ann@bank.example --reason "OPS-42: moved off the old base image in spring" --expires 2027-03-31',
  )
}

const writeBaseline = async (file: string, request: CheckRequest, terms: BaselineTerms): Promise<number> => {
  const { open, borne, checked } = checkStack(request)
  const { neverWaived } = request.rights.settings
  const findings = [
    ...open.map(({ finding }) => finding),
    ...borne.filter(({ by }) => by.kind === 'baseline').map(({ finding }) => finding),
  ]
  try {
    await writeFile(file, baselineText(checked, findings, terms, request.baseline, neverWaived))
  } catch (error) {
    throw fileFault(error, 'The baseline', file)
  }
  return findings.length
}

const conclude = async (
  context: CommandContext,
  request: CheckRequest,
  stack: ReadStack,
  options: CheckOptions,
): Promise<void> => {
  if (options.writeBaseline !== undefined) {
    const count = await writeBaseline(options.writeBaseline, request, termsOf(options, request.now))
    context.terminal.note(`Wrote ${options.writeBaseline}: ${count} known findings.`)
    return context.finish(exitCode.clean)
  }
  const result = checkStack(request)
  const shown = { result, failOn: options.failOn, texts: stack.texts }
  await showResult(context.terminal, shown, options.format, options.output)
  context.finish(failing(result, options.failOn).length === 0 ? exitCode.clean : exitCode.issues)
}

/**
 * Checks one stack, shows what is found and sets the exit code: 1 for issues in what was read and for findings of `--fail-on` and
 * graver. @throws {UsageError} for names that nobody has. @throws {Fault} where a cluster does not answer.
 */
export const checkFiles = async (
  context: CommandContext,
  files: readonly string[],
  options: CheckOptions,
): Promise<void> => {
  refuseContradictions(options)
  const json = options.format === 'json'
  const fleet = await loadOrReport(context, json)
  if (fleet === undefined) return
  const stack = readStack(files, { envFiles: options.envFile, environment: process.env })
  if (!stack.ok) return reportIssues(context, stack.issues, new Map(), json)
  const request = await requestFor(context, fleet, stack.value, options)
  if (!request.ok) return reportIssues(context, request.issues, stack.value.texts, json)
  await conclude(context, request.value, stack.value, options)
}
