import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished, vi } from 'vitest'
import { openRepository, type Repository } from '../../src/git/repository.ts'

// Each test starts some tens of processes, which take their time on a busy machine.
vi.setConfig({ testTimeout: 120_000 })

/** Files by path; null takes one away. */
export type Files = Readonly<Record<string, string | Buffer | null>>

/** A real repository in a temporary folder, which goes with the test. */
export interface TemporaryRepository {
  readonly folder: string
  /** Runs git in it; gives back what it printed. */
  readonly git: (...words: readonly string[]) => string
  /** The same with a text on its stdin. */
  readonly pipe: (input: string, ...words: readonly string[]) => string
  /** Writes files, without a commit. */
  readonly write: (files: Files) => void
  /** Writes files and commits everything; gives back the commit. */
  readonly commit: (files: Files) => string
}

/** Nothing of the machine's own configuration, and always the same person and branch. */
const configuration = [
  'user.name=Test',
  'user.email=test@bank.example',
  'commit.gpgsign=false',
  'core.autocrlf=false',
  'core.hooksPath=/dev/null',
  'protocol.file.allow=always',
].flatMap((setting) => ['-c', setting])

export const temporaryFolder = (): string => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tenantry-git-')))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A handle on a folder that is a repository already. */
export const repositoryAt = (folder: string): TemporaryRepository => {
  const pipe = (input: string, ...words: readonly string[]): string =>
    execFileSync('git', [...configuration, ...words], {
      cwd: folder,
      encoding: 'utf8',
      input,
      stdio: 'pipe',
    }).trim()
  const git = (...words: readonly string[]): string => pipe('', ...words)
  const write = (files: Files): void => {
    for (const [path, content] of Object.entries(files)) {
      const file = join(folder, path)
      mkdirSync(dirname(file), { recursive: true })
      if (content === null) rmSync(file, { recursive: true })
      else writeFileSync(file, content)
    }
  }
  const commit = (files: Files): string => {
    write(files)
    git('add', '--all')
    git('commit', '--quiet', '--allow-empty', '--message', 'A change')
    return git('rev-parse', 'HEAD')
  }
  return { folder, git, pipe, write, commit }
}

/** A new repository whose branch is `main`, with a first commit of some files. */
export const temporaryRepository = (files: Files = {}): TemporaryRepository => {
  const repository = repositoryAt(temporaryFolder())
  repository.git('init', '--quiet', '--initial-branch=main')
  repository.commit(files)
  return repository
}

/** A clone of another, with the words of `git clone` that make it special. */
export const cloneOf = (origin: TemporaryRepository, ...words: readonly string[]): TemporaryRepository => {
  const folder = join(temporaryFolder(), 'clone')
  origin.git('clone', '--quiet', ...words, `file://${origin.folder}`, folder)
  return repositoryAt(folder)
}

/** Opened as our code sees it. */
export const opened = async (folder: string): Promise<Repository> => {
  const repository = await openRepository(folder)
  if (repository.ok) return repository.value
  throw new Error(repository.issues.map(({ code }) => code).join(' '))
}
