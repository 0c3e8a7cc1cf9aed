import type { EngineEvent, Step, StepMetadata } from './engine-event.ts'
import { type PropertyValues, valuesAt } from './property-values.ts'
import { isProviderType } from './provider-type.ts'

export type StackOperation = 'preview' | 'up' | 'destroy' | 'refresh'

export type ChangeKind = 'same' | 'create' | 'update' | 'replace' | 'delete'

/** A property that differs, by its path, e.g. `ipamConfigs[0].subnet`. */
export interface PropertyChange extends PropertyValues {
  readonly path: string
  readonly change: 'add' | 'update' | 'delete'
}

/** What happened, or in a preview would happen, to one resource. */
export interface ResourceResult {
  readonly urn: string
  /** Type token, e.g. `ucp:index:Team`. */
  readonly type: string
  /** Logical name: the key of the desired state. */
  readonly name: string
  readonly change: ChangeKind
  readonly properties: readonly PropertyChange[]
  readonly failed: boolean
  /** In its system; of a refresh, and where it was there before. */
  readonly id?: string
}

export interface Diagnostic {
  readonly severity: 'warning' | 'error'
  readonly message: string
  /** Name of the resource that it is about. */
  readonly resource?: string
  /** The way out. */
  readonly hint?: string
}

/** A provider plugin that a run used, and the version that the program asked for. */
export interface UsedPlugin {
  readonly name: string
  readonly version?: string
}

/** The end of one run of the engine on one stack. */
export interface StackResult {
  readonly stack: string
  readonly operation: StackOperation
  readonly outcome: 'succeeded' | 'failed' | 'cancelled'
  /** Resources of the desired state only: without the stack, components and providers. */
  readonly counts: Readonly<Record<ChangeKind, number>>
  /** The same, one by one, by URN; unchanged ones too. */
  readonly resources: readonly ResourceResult[]
  /** Each once, in order of arrival. */
  readonly diagnostics: readonly Diagnostic[]
  readonly plugins: readonly UsedPlugin[]
  /** As measured around the engine's process. */
  readonly seconds: number
  /** Of a preview that read the world first: what it saw of each resource, and where each provider looked. */
  readonly live?: Readonly<Record<string, string>>
}

/** What the engine's process left behind. */
export interface FinishedRun {
  readonly stack: string
  readonly operation: StackOperation
  readonly events: readonly EngineEvent[]
  /** Lines of standard error. */
  readonly errors: readonly string[]
  readonly exitCode: number
  readonly cancelled: boolean
  readonly seconds: number
}

const replacing = new Set<Step>([
  'replace',
  'create-replacement',
  'delete-replaced',
  'import-replacement',
  'read-replacement',
])

const hasDiff = ({ detailedDiff, diffs }: StepMetadata): boolean =>
  Object.keys(detailedDiff ?? {}).length > 0 || (diffs ?? []).length > 0

const changeOf = (step: StepMetadata): ChangeKind => {
  if (replacing.has(step.op)) return 'replace'
  if (step.op === 'create' || step.op === 'import') return 'create'
  if (step.op === 'delete' || step.op === 'discard' || step.op === 'discard-replaced') return 'delete'
  if (step.op === 'update') return 'update'
  return step.op === 'refresh' && hasDiff(step) ? 'update' : 'same'
}

const kindOf = (diffKind: string): PropertyChange['change'] => {
  if (diffKind.startsWith('add')) return 'add'
  return diffKind.startsWith('delete') ? 'delete' : 'update'
}

const propertiesOf = ({ detailedDiff, diffs }: StepMetadata): PropertyChange[] => {
  const detailed = Object.entries(detailedDiff ?? {})
  if (detailed.length === 0) return (diffs ?? []).map((path) => ({ path, change: 'update' }))
  return detailed
    .map(([path, { diffKind }]): PropertyChange => ({ path, change: kindOf(diffKind) }))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** What a refresh found otherwise is told with what it was and what it is; of other runs, the files say it. */
const foundProperties = (step: StepMetadata, operation: StackOperation): PropertyChange[] =>
  operation === 'refresh' && step.op !== 'delete'
    ? propertiesOf(step).map((one) => ({ ...one, ...valuesAt(one.path, step) }))
    : propertiesOf(step)

/** Logical name of a URN: what follows the last `::`. */
export const nameOfUrn = (urn: string): string => urn.slice(urn.lastIndexOf('::') + 2)

export const isProvider = ({ type }: StepMetadata): boolean => isProviderType(type)
/** Whether a step is of a resource of the desired state: neither the stack, nor a component, nor a provider. */
export const isOurs = (step: StepMetadata): boolean =>
  !isProvider(step) && (step.new?.custom === true || step.old?.custom === true)

/** The URN of a resource's create that failed; it may have taken effect all the same. */
export const failedCreate = ({ resOpFailedEvent }: EngineEvent): string | undefined => {
  const step = resOpFailedEvent?.metadata
  return step?.op === 'create' && isOurs(step) ? step.urn : undefined
}

/** Several steps of one replacement are one change; its property paths are those of the step that has some. */
const merge = (
  before: ResourceResult | undefined,
  { step, failed }: FinishedStep,
  operation: StackOperation,
): ResourceResult => {
  const change = before?.change === 'replace' ? 'replace' : changeOf(step)
  const id = operation === 'refresh' ? (step.old?.id ?? before?.id) : undefined
  const properties = foundProperties(step, operation)
  return {
    urn: step.urn,
    type: step.type,
    name: nameOfUrn(step.urn),
    change,
    properties: properties.length > 0 || before === undefined ? properties : before.properties,
    failed: failed || before?.failed === true,
    ...(id === undefined ? {} : { id }),
  }
}

interface FinishedStep {
  readonly step: StepMetadata
  readonly failed: boolean
}

const stepsOf = (events: readonly EngineEvent[]): FinishedStep[] =>
  events.flatMap((event) => {
    const step = (event.resOpFailedEvent ?? event.resOutputsEvent ?? event.resourcePreEvent)?.metadata
    return step === undefined ? [] : [{ step, failed: event.resOpFailedEvent !== undefined }]
  })

const resourcesOf = ({ events, operation }: FinishedRun): ResourceResult[] => {
  const byUrn = new Map<string, ResourceResult>()
  for (const one of stepsOf(events)) {
    const { urn } = one.step
    if (isOurs(one.step)) byUrn.set(urn, merge(byUrn.get(urn), one, operation))
  }
  return [...byUrn.values()].sort((a, b) => (a.urn < b.urn ? -1 : 1))
}

const countsOf = (resources: readonly ResourceResult[]): Record<ChangeKind, number> => {
  const counts = { same: 0, create: 0, update: 0, replace: 0, delete: 0 }
  for (const { change, failed } of resources) if (!failed) counts[change] += 1
  return counts
}

/** Providers whose configuration a run changed, by URN. Pure. */
export const changedProviders = (events: readonly EngineEvent[]): readonly string[] => [
  ...new Set(
    stepsOf(events)
      .filter(({ step, failed }) => isProvider(step) && !failed && changeOf(step) !== 'same')
      .map(({ step }) => step.urn),
  ),
]

const pluginOf = (step: StepMetadata): UsedPlugin => {
  const version = step.new?.inputs?.version ?? step.old?.inputs?.version
  const name = step.type.slice('pulumi:providers:'.length)
  return typeof version === 'string' ? { name, version } : { name }
}

const pluginsOf = (events: readonly EngineEvent[]): UsedPlugin[] => {
  const found = new Map<string, UsedPlugin>()
  for (const { step } of stepsOf(events)) if (isProvider(step)) found.set(step.type, pluginOf(step))
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** A state that refers to what it has not: the engine wrote it, and would refuse it. Source: `diy/state.go` of 3.245.0. */
const brokenState = /snapshot integrity failure/

/** Whether a run wrote a state that the engine refuses. Pure. */
export const breaksState = (events: readonly EngineEvent[], errors: readonly string[]): boolean =>
  events.some(({ diagnosticEvent }) => brokenState.test(diagnosticEvent?.message ?? '')) ||
  errors.some((line) => brokenState.test(line))

/** Whether the engine refused to begin with a state. Pure. */
export const refusesState = (errors: readonly string[]): boolean =>
  errors.some((line) => brokenState.test(line) && line.includes('refusing to use it'))

/** What the engine says besides, when the reason has been said already. */
const echo =
  /^(?:update|preview|destroy|refresh|resource \S+ \S+) failed\b(?!: \S)|^Program failed with an unhandled/i

const clean = (message: string): string =>
  message
    .replace(/<\{%[^%]*%\}>/g, '')
    .replace(/^error: /, '')
    .trim()

const fromEvents = (events: readonly EngineEvent[]): Diagnostic[] =>
  events.flatMap(({ diagnosticEvent: event }) => {
    if (event === undefined || event.ephemeral) return []
    if (event.severity !== 'warning' && event.severity !== 'error') return []
    const named = event.urn && !event.urn.includes('::pulumi:pulumi:Stack::')
    return [
      {
        severity: event.severity,
        message: clean(event.message),
        ...(named ? { resource: nameOfUrn(event.urn) } : {}),
      },
    ]
  })

const fromStandardError = (lines: readonly string[]): Diagnostic[] => {
  const start = lines.findIndex((line) => line.startsWith('error: '))
  if (start < 0) return []
  return [{ severity: 'error', message: clean(lines.slice(start).join('\n')) }]
}

interface Advice {
  readonly sign: RegExp
  /** Said instead of the engine's own words. */
  readonly message?: string
  readonly hint: (stack: string, message: string) => string
}

const advices: readonly Advice[] = [
  {
    sign: /currently locked by|Another update is currently in progress/i,
    hint: (stack) =>
      `Another run holds ${stack}. Wait for it; if it is dead, free the stack with \`pulumi cancel --stack ${stack}\` and run this again.`,
  },
  {
    sign: /pending operations|interrupted while/i,
    hint: (stack) =>
      `A run of ${stack} was interrupted. Run \`tenantry up\`: it adopts what was made and settles the rest.`,
  },
  {
    sign: /failed to load checkpoint: (?:unexpected )?EOF/i,
    hint: (stack) =>
      `An engine was killed while it wrote the state of ${stack}. \`tenantry up\` mends what it left beside it.`,
  },
  {
    sign: brokenState,
    message: 'The engine wrote a state that refers to something that is gone.',
    hint: (stack) => `Run \`tenantry up\` for ${stack} again: it puts the state in order, and goes on.`,
  },
  {
    sign: /no space left on device|disk quota exceeded|file too large/i,
    hint: (stack) =>
      `The disk is full where the state of ${stack} is written, or where PULUMI_HOME or the temporary folder lies. Free some space there, then run this again: it goes on with what is there, and makes nothing twice.`,
  },
  {
    sign: /read-only file system/i,
    hint: (stack) => `Mount the file system of the state of ${stack} writable, then run this again.`,
  },
  {
    sign: /This run no longer holds its stack/i,
    hint: (stack) => `Another run took ${stack} over. Run this again once that one has ended.`,
  },
  {
    sign: /passphrase must be set|incorrect passphrase/i,
    hint: () =>
      'Set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE, or TENANTRY_SECRETS_PROVIDER for another secrets provider.',
  },
  {
    sign: /no resource plugin|could not find plugin|failed to load plugin/i,
    hint: () =>
      'Install the vendor’s plugin with `pulumi plugin install`, or run against the lab, which brings its own.',
  },
  {
    sign: /is protected|cannot be deleted because it is protected/i,
    message: 'it holds data and would be deleted or replaced, which is refused.',
    hint: (stack, message) =>
      `Put it back into the file as it was. Where the data may go out of our care: \`pulumi state unprotect '${/urn:[^\s'"]+/.exec(message)?.[0] ?? '<urn>'}' --stack ${stack}\`.`,
  },
]

const advised = (stack: string, diagnostic: Diagnostic): Diagnostic => {
  const advice = advices.find(({ sign }) => sign.test(diagnostic.message))
  if (advice === undefined) return diagnostic
  const { message = diagnostic.message } = advice
  return { ...diagnostic, message, hint: advice.hint(stack, diagnostic.message) }
}

/** What a check says of an input that a resource which failed should have given. Source: `issueCheckFailures` of 3.245.0. */
const missingInput = /^\S+ resource '[^']*': property .* has a problem: /

/** Of a resource that lacks what others were to give: where one has failed, that it was not tried; once a resource. */
const consequence = (diagnostic: Diagnostic): Diagnostic =>
  missingInput.test(diagnostic.message)
    ? { ...diagnostic, message: 'was not tried: what it needs has failed, as told above or below.' }
    : diagnostic

const withConsequences = (diagnostics: readonly Diagnostic[]): readonly Diagnostic[] => {
  const isCause = ({ severity, message }: Diagnostic): boolean =>
    severity === 'error' && !missingInput.test(message)
  return diagnostics.some(isCause) ? diagnostics.map(consequence) : diagnostics
}

const diagnosticsOf = (run: FinishedRun): Diagnostic[] => {
  const all = [...fromEvents(run.events), ...(run.exitCode === 0 ? [] : fromStandardError(run.errors))]
  const meant = all.filter(
    ({ message }) => message !== '' && !echo.test(message) && !brokenState.test(message),
  )
  const kept = meant.length > 0 || run.exitCode === 0 ? meant : all
  const once = new Map(withConsequences(kept).map((one) => [`${one.resource ?? ''} ${one.message}`, one]))
  return [...once.values()].map((one) => advised(run.stack, one))
}

const outcomeOf = ({ cancelled, exitCode }: FinishedRun): StackResult['outcome'] => {
  if (cancelled) return 'cancelled'
  return exitCode === 0 ? 'succeeded' : 'failed'
}

/** Reads a finished run of the engine. Pure; never throws. */
export const stackResult = (run: FinishedRun): StackResult => {
  const resources = resourcesOf(run)
  return {
    stack: run.stack,
    operation: run.operation,
    outcome: outcomeOf(run),
    counts: countsOf(resources),
    resources,
    diagnostics: diagnosticsOf(run),
    plugins: pluginsOf(run.events),
    seconds: run.seconds,
  }
}

/** Whether a run changed, or a preview would change, anything. */
export const hasChanges = ({ counts }: StackResult): boolean =>
  counts.create + counts.update + counts.replace + counts.delete > 0
