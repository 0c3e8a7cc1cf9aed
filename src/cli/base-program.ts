import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm, stat, symlink, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { digest } from '../core/canonical.ts'
import { cacheFolder } from '../engine/cache.ts'
import { changedPaths } from '../git/changed-paths.ts'
import { exportEntries, writeEntries } from '../git/export-tree.ts'
import { listTree, type TreeEntry } from '../git/read-tree.ts'
import type { Repository } from '../git/repository.ts'
import { typedNames } from './typed-names.ts'

/** What decides what is made of the files: the sources, how they are bundled, and their packages. */
const codeNames = ['bin', 'package-lock.json', 'package.json', 'Pulumi.yaml', 'src', 'tsconfig.json'] as const

const starter = 'bin/tenantry.mjs'
const lock = 'package-lock.json'

/** Raised when what is kept of an earlier form of this file must not be used. */
const layoutVersion = 1

/** Installing packages takes minutes, compiling thousands of tenants seconds; what takes longer hangs. */
const longestMilliseconds = 15 * 60 * 1000

const keptExports = 8
const keptMilliseconds = 7 * 24 * 60 * 60 * 1000

/** The program of an earlier commit, which differs from the one that is running. */
export interface BaseProgram {
  /** Everything that the program is made of, as it was committed. */
  readonly entries: readonly TreeEntry[]
  /** Whether it runs on the packages that are installed here. */
  readonly samePackages: boolean
}

/** That a commit holds a program of its own; `none`: no program at all, `same`: the one that is running. */
export type FoundProgram = 'none' | 'same' | BaseProgram

/**
 * The program that stood beside the files of a commit. `repository` is the one of the code, opened at the folder of the Pulumi project.
 *
 * @throws {Fault} where git fails.
 */
export const findProgram = async (repository: Repository, commit: string): Promise<FoundProgram> => {
  const changed = await changedPaths(repository, commit, codeNames)
  if (changed.length === 0) return 'same'
  const entries = await listTree(repository, commit, codeNames)
  if (!entries.some(({ path }) => path === starter)) return 'none'
  return { entries, samePackages: !changed.includes(lock) }
}

/** Why a program could not tell what it makes of the files; the message is for a person. */
export class ProgramFailure extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'ProgramFailure'
  }
}

interface Ended {
  readonly exitCode: number
  readonly lines: readonly string[]
  readonly errors: readonly string[]
}

interface Call {
  readonly command: string
  readonly arguments: readonly string[]
  readonly folder: string
  readonly signal: AbortSignal
}

const start = (call: Call): ChildProcessByStdio<null, Readable, Readable> =>
  spawn(call.command, call.arguments, {
    cwd: call.folder,
    signal: call.signal,
    timeout: longestMilliseconds,
    stdio: ['ignore', 'pipe', 'pipe'],
  })

const run = (call: Call): Promise<Ended> =>
  new Promise((done, fail) => {
    const child = start(call)
    const lines: string[] = []
    const errors: string[] = []
    createInterface({ input: child.stdout }).on('line', (line) => lines.push(line))
    createInterface({ input: child.stderr }).on('line', (line) => errors.push(line))
    child.once('error', (error) =>
      fail(new ProgramFailure(`${call.command} cannot be run: ${error.message}`, error)),
    )
    child.once('close', (code, signal) => {
      if (signal !== null) errors.push(`It was ended by ${signal}.`)
      done({ exitCode: code ?? 1, lines, errors })
    })
  })

const lastWords = ({ errors, lines, exitCode }: Ended): string =>
  [...errors, ...lines.slice(-5)]
    .filter((line) => line.trim() !== '')
    .slice(0, 5)
    .join(' ') || `exit code ${exitCode}`

/** Scripts of packages are not run: nothing that compiles states needs one. */
const installArguments = [
  'ci',
  '--ignore-scripts',
  '--omit=dev',
  '--no-audit',
  '--no-fund',
  '--loglevel=error',
]

const install = async (folder: string, signal: AbortSignal): Promise<void> => {
  const ended = await run({ command: 'npm', arguments: installArguments, folder, signal })
  if (ended.exitCode !== 0) throw new ProgramFailure(`its packages cannot be installed: ${lastWords(ended)}`)
}

const folderOf = ({ entries, samePackages }: BaseProgram, project: string): string => {
  const content = entries.map(({ path, executable, object }) => [path, executable, object])
  const packages = samePackages ? project : `${process.platform}-${process.arch}`
  return cacheFolder('base-program', digest([layoutVersion, packages, content]).slice(0, 32))
}

/** Exports that nobody used for a week go, but the newest few. */
const prune = async (current: string): Promise<void> => {
  const folder = dirname(current)
  const all = await Promise.all(
    (await readdir(folder)).map(async (name) => ({
      path: join(folder, name),
      at: (await stat(join(folder, name))).mtimeMs,
    })),
  )
  const old = all
    .filter(({ path }) => path !== current)
    .sort((a, b) => b.at - a.at)
    .slice(keptExports)
    .filter(({ at }) => Date.now() - at > keptMilliseconds)
  for (const { path } of old) await rm(path, { recursive: true, force: true })
}

export interface ProgramRequest {
  readonly program: BaseProgram
  /** The repository of the code, at the folder of the Pulumi project. */
  readonly code: Repository
  /** The repository of the files, at the folder that holds `tenants/`. */
  readonly files: Repository
  readonly commit: string
  readonly signal: AbortSignal
  /** Called before what may take a minute. */
  readonly note: (line: string) => void
}

/** The program in a folder of its own, ready to run; kept for the next time by what it is made of. */
const place = async ({ program, code, signal, note }: ProgramRequest): Promise<string> => {
  const folder = folderOf(program, code.folder)
  if (!existsSync(folder)) {
    if (!program.samePackages)
      note('Installing the npm packages of the commit compared with (once, about a minute) …')
    await exportEntries(code, program.entries, folder, (made) =>
      program.samePackages
        ? symlink(join(code.folder, 'node_modules'), join(made, 'node_modules'))
        : install(made, signal),
    )
  }
  await utimes(folder, new Date(), new Date())
  await prune(folder).catch(() => undefined)
  return folder
}

/** Exit code of a command line that a program does not know. Source: `exitCode.usage`, the same since the first version. */
const unknownCommand = 2

/** What a program before `states` printed: `compile --json`. */
const asLines = (ended: Ended): readonly string[] => {
  if (ended.exitCode !== 0) throw new ProgramFailure(lastWords(ended))
  const { stacks } = JSON.parse(ended.lines.join('\n')) as { stacks: readonly { stack: string }[] }
  return [
    ...stacks.map((state) => `state\t${state.stack}\t${JSON.stringify(state)}`),
    `end\t${stacks.length}\t0`,
  ]
}

const tell = async (folder: string, root: string, signal: AbortSignal): Promise<readonly string[]> => {
  const call = (...words: readonly string[]): Promise<Ended> =>
    run({
      command: process.execPath,
      arguments: [join(folder, starter), '--root', root, ...words],
      folder,
      signal,
    })
  const told = await call('states')
  if (told.exitCode === 0) return told.lines
  if (told.exitCode !== unknownCommand) throw new ProgramFailure(lastWords(told))
  return asLines(await call('compile', '--json'))
}

/**
 * What the program of an earlier commit makes of that commit's files, as `readStateLines` reads it. Runs in a process of its
 * own, on files of its own.
 *
 * @throws {ProgramFailure} where it cannot be made ready or fails.
 * @throws {Fault} where git fails.
 */
export const tellStates = async (request: ProgramRequest): Promise<readonly string[]> => {
  const { files, commit, signal } = request
  const folder = await place(request)
  const root = await mkdtemp(join(tmpdir(), 'tenantry-base-'))
  try {
    await writeEntries(files, await listTree(files, commit, typedNames), root)
    return await tell(folder, root, signal)
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}
