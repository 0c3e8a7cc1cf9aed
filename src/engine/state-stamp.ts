import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { canonicalJson, digest } from '../core/canonical.ts'
import type { Environment } from './cache.ts'
import { runEngine } from './engine-process.ts'
import { projectName } from './project-name.ts'
import { withoutSecrets } from './property-values.ts'
import { type StackPlace, stateNames, statesOf } from './stack-place.ts'
import { readCopy } from './state-copy.ts'
import { stateFolder } from './state-folder.ts'
import { exportState } from './state-transfer.ts'

/** Which state of a stack it is. */
export interface StateStamp {
  /** How many runs have written it; 0 of one that none has. */
  readonly serial: number
  /** SHA-256 of the resources in it and of what is pending; that of nothing where there is no state. */
  readonly digest: string
}

/** Whose state, and how to ask for it. */
export interface StampRequest {
  readonly stack: string
  /** Folder of the engine. */
  readonly engine: string
  readonly environment: Environment
  readonly project: string
}

interface Deployment {
  readonly resources?: readonly Readonly<Record<string, unknown>>[] | null
  readonly pending_operations?: readonly unknown[] | null
}

/**
 * When a resource was written and by which lines of which copy of the program is no part of what it is. What it stands on is in
 * `dependencies`; property by property, a run that refreshes writes it otherwise than one that applies (seen).
 * Outputs are read anew from the world before anything is compared with them, and hold counters that move by themselves.
 */
const notOfIt: ReadonlySet<string> = new Set([
  'created',
  'modified',
  'outputs',
  'propertyDependencies',
  'sourcePosition',
  'stackTrace',
])

/** In the order in which the program happened to learn of them. */
const inOrder = (name: string, value: unknown): unknown =>
  name === 'dependencies' && Array.isArray(value) ? [...value].sort() : value

const essence = (resource: Readonly<Record<string, unknown>>): string =>
  canonicalJson(
    Object.fromEntries(
      Object.entries(resource)
        .filter(([name]) => !notOfIt.has(name))
        .map(([name, value]) => [name, withoutSecrets(inOrder(name, value))]),
    ),
  )

/**
 * Equal for states that hold the same, in whatever order: a run that changes nothing leaves it as it was, and so does a refresh. Secrets are not part of it, since every run
 * encrypts them anew. Pure.
 */
export const deploymentDigest = (deployment: Deployment | null | undefined): string =>
  digest({
    resources: (deployment?.resources ?? []).map(essence).sort(),
    pending: deployment?.pending_operations ?? [],
  })

const isGzip = (bytes: Buffer): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

/** Undefined where the file is none that this process can read: packed otherwise, damaged. */
const deploymentIn = (bytes: Buffer): Deployment | undefined => {
  try {
    const text = (isGzip(bytes) ? gunzipSync(bytes) : bytes).toString('utf8')
    const { checkpoint } = JSON.parse(text) as { checkpoint: { latest?: Deployment | null } }
    return checkpoint.latest ?? {}
  } catch {
    return undefined // The parser's words would quote the state.
  }
}

/** The state in its place, or where a run that holds it has it. `none`: there is none. `opaque`: the engine must be asked. */
const deploymentOf = async (place: StackPlace): Promise<Deployment | 'none' | 'opaque'> => {
  for (const name of stateNames(place.stack)) {
    const copy = await readCopy(join(statesOf(place), name))
    if (copy !== undefined) return deploymentIn(copy.bytes) ?? 'opaque'
  }
  return 'none'
}

/** The engine writes one of these a run. Source: `historyDirectory` and `addToHistory` of pkg/v3/backend/diy/state.go, 3.245.0. */
const isHistory = (name: string): boolean => /\.history\.json(?:\.gz|\.zst)?$/.test(name)

const serialOf = async ({ folder, project, stack }: StackPlace): Promise<number> => {
  const names = await readdir(join(folder, '.pulumi', 'history', project, stack)).catch(() => [])
  return names.filter(isHistory).length
}

const exported = async (request: StampRequest): Promise<string> => {
  const { deployment } = JSON.parse(await exportState(request)) as { deployment: Deployment }
  return deploymentDigest(deployment)
}

/** The version of the last run, as a back end that is no folder of files counts them. */
const countedSerial = async ({ stack, ...call }: StampRequest): Promise<number> => {
  const exit = await runEngine({
    ...call,
    arguments: ['stack', 'history', '--json', '--page-size', '1', '--page', '1', '--stack', stack],
  })
  const [last] = exit.exitCode === 0 ? (JSON.parse(exit.output.join('\n')) as { version?: number }[]) : []
  return last?.version ?? 0
}

/**
 * Which state a stack has now. Reads files where the back end is a folder, else asks the engine; changes nothing.
 *
 * @throws {Fault} `unavailable` where the state cannot be read.
 */
export const stateStamp = async (request: StampRequest): Promise<StateStamp> => {
  const folder = stateFolder(request.environment)
  if (folder === undefined) return { serial: await countedSerial(request), digest: await exported(request) }
  const { project, stack } = request
  const place = { folder: resolve(project, folder), project: await projectName(project), stack }
  const found = await deploymentOf(place)
  const serial = await serialOf(place)
  if (found === 'opaque') return { serial, digest: await exported(request) }
  return { serial, digest: deploymentDigest(found === 'none' ? undefined : found) }
}
