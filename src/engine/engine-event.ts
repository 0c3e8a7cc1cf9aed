/** What the engine does to a resource, in its own words. Source: Pulumi's `apitype.OpType`. */
export type Step =
  | 'same'
  | 'create'
  | 'update'
  | 'delete'
  | 'replace'
  | 'create-replacement'
  | 'delete-replaced'
  | 'read'
  | 'read-replacement'
  | 'discard'
  | 'discard-replaced'
  | 'refresh'
  | 'remove-pending-replace'
  | 'import'
  | 'import-replacement'

interface State {
  readonly custom?: boolean
  /** Of what is in the world. */
  readonly id?: string
  /** Its replacement is there, and it waits for its end. */
  readonly delete?: boolean
  readonly inputs?: Readonly<Record<string, unknown>>
  readonly outputs?: Readonly<Record<string, unknown>>
}

/** One step of the engine on one resource. */
export interface StepMetadata {
  readonly op: Step
  readonly urn: string
  readonly type: string
  readonly old: State | null
  readonly new: State | null
  readonly diffs?: readonly string[] | null
  readonly detailedDiff: Readonly<Record<string, { readonly diffKind: string }>> | null
}

/** A line of `--json`: one of these is there. Source: Pulumi's `apitype.EngineEvent`. */
export interface EngineEvent {
  readonly resourcePreEvent?: { readonly metadata: StepMetadata; readonly planning?: boolean }
  readonly resOutputsEvent?: { readonly metadata: StepMetadata; readonly planning?: boolean }
  readonly resOpFailedEvent?: { readonly metadata: StepMetadata }
  readonly diagnosticEvent?: {
    readonly urn?: string
    readonly message: string
    readonly severity: 'debug' | 'info' | 'info#err' | 'warning' | 'error'
    readonly ephemeral?: boolean
  }
  readonly summaryEvent?: { readonly durationSeconds: number }
}

/**
 * Whether the engine waits for ever from here on: a deletion failed that a replacement was to follow, so the program never
 * hears of its registration. Source: `DeleteStep.Fail` of step.go with `--continue-on-error`, 3.245.0; seen.
 */
export const isLastEvent = ({ resOpFailedEvent }: EngineEvent): boolean =>
  resOpFailedEvent?.metadata.op === 'delete-replaced' && resOpFailedEvent.metadata.old?.delete !== true

/** An event of a line of the engine's output; undefined where the line is something else. Never throws. */
export const parseEvent = (line: string): EngineEvent | undefined => {
  if (!line.startsWith('{')) return undefined
  try {
    return JSON.parse(line) as EngineEvent
  } catch {
    return undefined
  }
}
