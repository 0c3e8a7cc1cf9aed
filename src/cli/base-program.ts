import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync } from 'node:fs'
import {
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { digest } from '../core/canonical.ts'
import { programEnvironment } from '../core/program-environment.ts'
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

/** Of each: exports of programs, and what programs told. */
const keptNewest = 8
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
  readonly environment?: NodeJS.ProcessEnv
  /** The file that takes what it prints: a pipe would fill while this process is busy, and hold it up. */
  readonly output: string
  readonly signal: AbortSignal
}

const start = (call: Call): ChildProcess => {
  const output = openSync(call.output, 'w')
  try {
    return spawn(call.command, call.arguments, {
      cwd: call.folder,
      env: call.environment ?? programEnvironment(process.env),
      signal: call.signal,
      timeout: longestMilliseconds,
      stdio: ['ignore', output, 'pipe'],
    })
  } finally {
    closeSync(output)
  }
}

const linesOf = async (file: string): Promise<readonly string[]> => {
  const text = await readFile(file, 'utf8')
  return text === '' ? [] : text.replace(/\n$/, '').split('\n')
}

const ended = (call: Call): Promise<Pick<Ended, 'exitCode' | 'errors'>> =>
  new Promise((done, fail) => {
    const child = start(call)
    const errors: string[] = []
    if (child.stderr !== null)
      createInterface({ input: child.stderr }).on('line', (line) => errors.push(line))
    child.once('error', (error) =>
      fail(new ProgramFailure(`${call.command} cannot be run: ${error.message}`, error)),
    )
    child.once('close', (code, signal) => {
      if (signal !== null) errors.push(`It was ended by ${signal}.`)
      done({ exitCode: code ?? 1, errors })
    })
  })

/** Starts at once, before anything is waited for. */
const run = async (call: Call): Promise<Ended> => {
  const end = await ended(call)
  return { ...end, lines: await linesOf(call.output) }
}

const lastWords = ({ errors, lines, exitCode }: Ended): string =>
  [...errors, ...lines.slice(-5)]
    .filter((line) => line.trim() !== '')
    .slice(0, 5)
    .join(' ') || `exit code ${exitCode}`

/** Scripts of packages are not run: nothing that compiles states needs one. */
interface Workplace {
  /** A folder of this run's own. */
  readonly home: string
  readonly signal: AbortSignal
}

const installArguments = [
  'ci',
  '--ignore-scripts',
  '--omit=dev',
  '--no-audit',
  '--no-fund',
  '--loglevel=error',
]

const install = async (folder: string, { home, signal }: Workplace): Promise<void> => {
  const output = join(home, 'installed')
  const end = await run({ command: 'npm', arguments: installArguments, folder, output, signal })
  if (end.exitCode !== 0) throw new ProgramFailure(`its packages cannot be installed: ${lastWords(end)}`)
}

const contentOf = (entries: readonly TreeEntry[]) =>
  entries.map(({ path, executable, object }) => [path, executable, object])

const folderOf = ({ entries, samePackages }: BaseProgram, project: string): string => {
  const content = contentOf(entries)
  const packages = samePackages ? project : `${process.platform}-${process.arch}`
  return cacheFolder('base-program', digest([layoutVersion, packages, content]).slice(0, 32))
}

/** What nobody used for a week goes, but the newest few. */
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
    .slice(keptNewest)
    .filter(({ at }) => Date.now() - at > keptMilliseconds)
  for (const { path } of old) await rm(path, { recursive: true, force: true })
}

const used = async (path: string): Promise<void> => {
  await utimes(path, new Date(), new Date())
  await prune(path).catch(() => undefined)
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
const place = async ({ program, code, signal, note }: ProgramRequest, home: string): Promise<string> => {
  const folder = folderOf(program, code.folder)
  if (!existsSync(folder)) {
    if (!program.samePackages)
      note('Installing the npm packages of the commit compared with (once, about a minute) …')
    await exportEntries(code, program.entries, folder, (made) =>
      program.samePackages
        ? symlink(join(code.folder, 'node_modules'), join(made, 'node_modules'))
        : install(made, { home, signal }),
    )
  }
  await used(folder)
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

/** What a program that compiles files needs of a job's environment: no token, key or connection is among it. */
const lent =
  /^(?:PATH|HOME|USER|LOGNAME|TMPDIR|TMP|TEMP|TZ|LANG|LC_\w+|XDG_CACHE_HOME|NODE_OPTIONS|TENANTRY_CACHE)$/

const lentEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => lent.test(name)))

const tell = async (folder: string, { home, signal }: Workplace): Promise<readonly string[]> => {
  const call = (...words: readonly string[]): Promise<Ended> => {
    const args = [join(folder, starter), '--root', join(home, 'files'), ...words]
    const output = join(home, 'said')
    return run({
      command: process.execPath,
      arguments: args,
      folder,
      environment: lentEnvironment(),
      output,
      signal,
    })
  }
  const told = await call('states')
  if (told.exitCode === 0) return told.lines
  if (told.exitCode !== unknownCommand) throw new ProgramFailure(lastWords(told))
  return asLines(await call('compile', '--json'))
}

/** Where it is kept what a program told of files. Both sides are named by their content, so that it never grows old. */
const tellingOf = (folder: string, files: readonly TreeEntry[]): string =>
  cacheFolder('base-states', digest([layoutVersion, basename(folder), contentOf(files)]).slice(0, 32))

/** Longer than the line that ends every telling. */
const endBytes = 64

/** Whether something is kept, to its last line. */
const isKept = async (path: string): Promise<boolean> => {
  try {
    const file = await open(path)
    try {
      const { size } = await file.stat()
      const { buffer, bytesRead } = await file.read({
        buffer: Buffer.alloc(endBytes),
        position: Math.max(0, size - endBytes),
      })
      return /(?:^|\n)end\t\d+\t\d+\n$/.test(buffer.toString('latin1', 0, bytesRead))
    } finally {
      await file.close()
    }
  } catch {
    return false
  }
}

const keep = async (path: string, lines: readonly string[]): Promise<void> => {
  await mkdir(dirname(path), { recursive: true })
  const written = `${path}.${process.pid}`
  await writeFile(written, `${lines.join('\n')}\n`, { mode: 0o600 })
  await rename(written, path)
  await used(path)
}

/** A program that is at work, or was before. */
export interface Telling {
  /** What it says in the end, as `readStateLines` reads it. Rejects with ProgramFailure where it fails. */
  readonly lines: Promise<readonly string[]>
}

const tellAnew = async (
  { files }: ProgramRequest,
  entries: readonly TreeEntry[],
  folder: string,
  workplace: Workplace,
): Promise<{ readonly lines: Promise<readonly string[]> }> => {
  await mkdir(join(workplace.home, 'files'))
  await writeEntries(files, entries, join(workplace.home, 'files'))
  const told = tell(folder, workplace)
  const kept = async (lines: readonly string[]): Promise<readonly string[]> => {
    // Only what makes the next time faster.
    await keep(tellingOf(folder, entries), lines).catch(() => undefined)
    return lines
  }
  return { lines: told.then(kept) }
}

/**
 * Starts the program of an earlier commit on that commit's files, in a process and a folder of its own, to tell what it makes of
 * them. Resolves once it runs: what this process does meanwhile does not hold it up. What it told before is not asked again.
 *
 * @throws {ProgramFailure} where it cannot be made ready.
 * @throws {Fault} where git fails.
 */
export const startProgram = async (request: ProgramRequest): Promise<Telling> => {
  const { program, code, files, commit, signal } = request
  const entries = await listTree(files, commit, typedNames)
  const told = tellingOf(folderOf(program, code.folder), entries)
  if (await isKept(told)) return { lines: used(told).then(() => linesOf(told)) }
  const home = await mkdtemp(join(tmpdir(), 'tenantry-base-'))
  const leave = (): Promise<void> => rm(home, { recursive: true, force: true })
  try {
    const { lines } = await tellAnew(request, entries, await place(request, home), { home, signal })
    return { lines: lines.finally(leave) }
  } catch (error) {
    await leave()
    throw error
  }
}
