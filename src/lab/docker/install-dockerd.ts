import { execFile } from 'node:child_process'
import { chmod, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { Fault } from '../../core/fault.ts'
import { type DockerdTools, findDockerd } from './dockerd.ts'

/** Debian's packages of all that a real engine needs. */
const packages = ['docker.io', 'busybox-static', 'iptables', 'iproute2', 'util-linux'] as const

/** Asked by Debian's maintainer scripts before they start a service. Source: invoke-rc.d(8): 101 forbids it. */
const policyFile = '/usr/sbin/policy-rc.d'
const policyKeptAside = `${policyFile}.tenantry-keeps`
const policyMark = '# Of tenantry, while it installs packages: no service is started.'
const policy = `#!/bin/sh\n${policyMark}\nexit 101\n`

const hint = `On Debian or Ubuntu run \`npm run setup:real docker\` as root, or install ${packages.join(', ')}; elsewhere install Docker Engine, runc, iptables, iproute2, util-linux and a static busybox. Without them the lab takes its engine in memory.`

const missing = (reason: string, cause?: unknown): Fault =>
  new Fault('missing-tool', `The Docker Engine cannot be run here: ${reason}.`, { details: { hint }, cause })

const run = async (program: string, parameters: readonly string[]): Promise<string> => {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' }
  const { stdout } = await promisify(execFile)(program, [...parameters], {
    env,
    timeout: 900_000,
    maxBuffer: 64 * 1024 ** 2,
  })
  return stdout
}

const tail = (error: unknown): string => {
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

const installPackages = async (report: (line: string) => void): Promise<void> => {
  const known = await Promise.all(packages.map(isKnown))
  if (known.includes(false)) {
    report('docker: reading the package lists (apt-get update) …')
    await run('apt-get', ['update'])
  }
  report(`docker: installing ${packages.join(', ')} …`)
  await withoutServices(async () => {
    await run('apt-get', ['install', '--yes', '--no-install-recommends', ...packages])
  })
}

const hasApt = (): Promise<boolean> =>
  run('apt-get', ['--version']).then(
    () => true,
    () => false,
  )

/**
 * The real engine, installed from Debian's packages unless it is there. No service of theirs is started.
 *
 * @throws {Fault} `missing-tool` where it cannot be installed or run, with what to do.
 */
export const installDockerd = async (report: (line: string) => void): Promise<DockerdTools> => {
  const before = await findDockerd()
  if (before.tools !== undefined) return before.tools
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !(await hasApt()))
    throw missing(before.reason)
  try {
    await installPackages(report)
  } catch (error) {
    throw missing(`its packages cannot be installed (${tail(error)})`, error)
  }
  const after = await findDockerd()
  if (after.tools === undefined) throw missing(after.reason)
  return after.tools
}
