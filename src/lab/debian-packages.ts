import { execFile } from 'node:child_process'
import { chmod, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'

/** Asked by Debian's maintainer scripts before they start a service. Source: invoke-rc.d(8): 101 forbids it. */
const policyFile = '/usr/sbin/policy-rc.d'
const policyKeptAside = `${policyFile}.tenantry-keeps`
const policyMark = '# Of tenantry, while it installs packages: no service is started.'
const policy = `#!/bin/sh\n${policyMark}\nexit 101\n`

const run = async (program: string, parameters: readonly string[]): Promise<string> => {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' }
  const { stdout } = await promisify(execFile)(program, [...parameters], {
    env,
    timeout: 900_000,
    maxBuffer: 64 * 1024 ** 2,
  })
  return stdout
}

/** The last line that a failed program wrote, else the error's own sentence. Never throws. */
export const lastWords = (error: unknown): string => {
  const stderr = error !== null && typeof error === 'object' && 'stderr' in error ? String(error.stderr) : ''
  return stderr.trim().split('\n').at(-1) || (error instanceof Error ? error.message : String(error))
}

const isThere = (path: string): Promise<boolean> =>
  readFile(path).then(
    () => true,
    () => false,
  )

/** Ours of a run that was killed, not somebody's. */
const isOurs = async (): Promise<boolean> =>
  (await readFile(policyFile, 'utf8').catch(() => '')).includes(policyMark)

/** Runs the action while no package may start a service; whatever policy the machine had is back afterwards. */
const withoutServices = async (action: () => Promise<void>): Promise<void> => {
  if ((await isThere(policyFile)) && !(await isOurs())) await rename(policyFile, policyKeptAside)
  await writeFile(policyFile, policy)
  await chmod(policyFile, 0o755)
  try {
    await action()
  } finally {
    if (await isThere(policyKeptAside)) await rename(policyKeptAside, policyFile)
    else await rm(policyFile, { force: true })
  }
}

const isKnown = async (name: string): Promise<boolean> =>
  /Candidate: (?!\(none\))\S/.test(await run('apt-cache', ['policy', name]))

const hasApt = (): Promise<boolean> =>
  run('apt-get', ['--version']).then(
    () => true,
    () => false,
  )

/** Whether Debian's packages can be installed here: Linux, root, apt-get. */
export const canInstallPackages = async (): Promise<boolean> =>
  process.platform === 'linux' && process.getuid?.() === 0 && (await hasApt())

/**
 * Installs Debian's packages, without what they only recommend. No service of theirs is started.
 *
 * @param what whose packages they are, for the lines of the report.
 * @throws what apt-get failed with; `lastWords` reads it.
 */
export const installPackages = async (
  what: string,
  packages: readonly string[],
  report: (line: string) => void,
): Promise<void> => {
  const known = await Promise.all(packages.map(isKnown))
  if (known.includes(false)) {
    report(`${what}: reading the package lists (apt-get update) …`)
    await run('apt-get', ['update'])
  }
  report(`${what}: installing ${packages.join(', ')} …`)
  await withoutServices(async () => {
    await run('apt-get', ['install', '--yes', '--no-install-recommends', ...packages])
  })
}
