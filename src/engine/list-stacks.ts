import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Fault } from '../core/fault.ts'
import type { Environment } from './cache.ts'
import { checkoutRoot } from './checkout.ts'
import { runEngine } from './engine-process.ts'
import { projectName } from './project-name.ts'
import { type StackPlace, stateNames, statesOf } from './stack-place.ts'
import { readCopy } from './state-copy.ts'
import { fileFault } from './state-fault.ts'
import { stateFolder } from './state-folder.ts'

interface ListRequest {
  /** Folder of the engine, which is asked where the back end is no folder of files; that of the PATH where absent. */
  readonly engine?: string
  readonly environment: Environment
  readonly project?: string
  /** Those of all names that are asked about; all where absent. Nothing is read of the others. */
  readonly among?: (names: readonly string[]) => readonly string[]
}

interface ListedStack {
  readonly name: string
  readonly resourceCount?: number
}

/** `organization/tenantry/nonprod.acme` and `nonprod.acme` are one stack. */
const plainName = (name: string): string => name.slice(name.lastIndexOf('/') + 1)

const everyone = (names: readonly string[]): readonly string[] => names

const listedByEngine = async ({ among = everyone, ...request }: ListRequest): Promise<readonly string[]> => {
  const exit = await runEngine({
    ...request,
    engine: request.engine ?? '',
    project: request.project ?? checkoutRoot(),
    arguments: ['stack', 'ls', '--json'],
  })
  if (exit.exitCode === 0)
    return among(
      (JSON.parse(exit.output.join('\n')) as ListedStack[])
        .filter(({ resourceCount }) => resourceCount !== 0)
        .map(({ name }) => plainName(name)),
    )
  throw new Fault('unavailable', `The stacks cannot be listed: ${exit.errors.join(' ')}`, {
    details: { hint: 'Check PULUMI_BACKEND_URL and who may read it.' },
  })
}

/** Of a state's file, packed or not; what lies beside it ends otherwise. */
const stateFile = /^(.+?)\.json(?:\.gz|\.zst)?$/

const namesIn = async (folder: string): Promise<readonly string[]> => {
  const files = await readdir(folder).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw fileFault(error, 'The states of the stacks', folder)
  })
  return [...new Set(files.flatMap((file) => stateFile.exec(file)?.[1] ?? []))]
}

/** A state that cannot be understood holds something: nobody may take it for an empty one. */
const holdsSomething = async (place: StackPlace): Promise<boolean> => {
  for (const name of stateNames(place.stack)) {
    const copy = await readCopy(join(statesOf(place), name))
    if (copy !== undefined)
      return copy.resources > 0 || copy.verdict === 'damaged' || copy.path.endsWith('.zst')
  }
  return false
}

const listedInFolder = async (
  folder: string,
  { project = checkoutRoot(), among = everyone }: ListRequest,
): Promise<readonly string[]> => {
  const place = { folder: resolve(project, folder), project: await projectName(project) }
  const found: string[] = []
  for (const stack of among(await namesIn(statesOf({ ...place, stack: '' }))))
    if (await holdsSomething({ ...place, stack })) found.push(stack)
  return found
}

/**
 * Names of the stacks of this project that the state back end has something in, sorted; a stack that was destroyed is empty.
 *
 * Where the back end is a folder no engine is asked: with thousands of stacks that takes longer than everything else of a run
 * that changes nothing. @throws {Fault} `unavailable` when the back end cannot be read.
 */
export const listStacks = async (request: ListRequest): Promise<readonly string[]> => {
  const folder = stateFolder(request.environment)
  const found = folder === undefined ? await listedByEngine(request) : await listedInFolder(folder, request)
  return [...found].sort()
}
