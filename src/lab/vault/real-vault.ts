import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { createWriteStream, existsSync, type WriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { Vault } from '../../clients/vault.ts'
import { Fault } from '../../core/fault.ts'
import { Secret } from '../../core/secret.ts'
import { cacheFolder, type Environment } from '../../engine/cache.ts'
import { buildGoTool } from '../../engine/go-build.ts'
import type { VaultServer } from './serve-vault.ts'

/** The version we build. Later ones (1.20.0, 1.21.4) do not build as a module (tried). */
const builtVaultVersion = '1.19.0'

/** Oldest one on PATH that we take: the first that tells of a single mount, `GET sys/mounts/:path` (1.12). */
const oldestVersion = [1, 12] as const
const readyMilliseconds = 60_000
const pollMilliseconds = 100
const graceMilliseconds = 5_000
const startAttempts = 3

/** A `vault` that can be run. */
export interface VaultBinary {
  readonly path: string
  readonly version: string
}

export interface RealVaultOptions {
  readonly binary: VaultBinary
  /** Becomes HOME of the process, so that nothing of the user's is read or written. */
  readonly folder: string
  /** Its log, without the keys it prints at start. */
  readonly logFile: string
  /** Told of every process before it answers, so that somebody can end it should we die. */
  readonly onProcess?: (pid: number) => Promise<void>
}

const versionOf = async (path: string): Promise<string | undefined> => {
  try {
    const { stdout } = await promisify(execFile)(path, ['version'], { timeout: 20_000 })
    return /Vault v(\d+\.\d+\.\d+)/.exec(stdout)?.[1]
  } catch {
    return undefined
  }
}

const isNewEnough = (version: string): boolean => {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [oldestMajor, oldestMinor] = oldestVersion
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)
}

/** The `vault` in the cache of builds, else one on PATH of 1.12 or later; undefined where there is none. */
export const findVaultBinary = async (
  environment: Environment = process.env,
): Promise<VaultBinary | undefined> => {
  const cached = join(cacheFolder('vault', builtVaultVersion, environment), 'vault')
  const onPath = (environment.PATH ?? '').split(delimiter).map((folder) => join(folder, 'vault'))
  for (const path of [cached, ...onPath].filter((one) => existsSync(one))) {
    const version = await versionOf(path)
    if (version !== undefined && isNewEnough(version)) return { path, version }
  }
  return undefined
}

/**
 * The real server, built with Go into the cache unless it is there.
 *
 * Takes 8 to 10 minutes on two cores the first time. @throws {Fault} `missing-tool` without Go.
 */
export const buildVault = async (report: (line: string) => void): Promise<VaultBinary> => {
  const path = await buildGoTool({
    tool: 'vault',
    version: builtVaultVersion,
    folder: 'tools/vault',
    package: 'github.com/hashicorp/vault',
    output: 'vault',
    ldflags: '-s -w',
    report,
  })
  return { path, version: builtVaultVersion }
}

const freePort = async (): Promise<number> => {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const address = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port')
  return address.port
}

/** Vault in development mode prints its root token and unseal key: they do not belong in a log. */
const isKeyLine = (line: string): boolean => /^\s*(?:Root Token|Unseal Key)\b/.test(line)

const keepLog = (child: ChildProcess, log: WriteStream): void => {
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue
    createInterface({ input: stream }).on('line', (line) => {
      if (!isKeyLine(line) && log.writable) log.write(`${line}\n`)
    })
  }
}

const launch = (options: RealVaultOptions, port: number, rootToken: string): ChildProcess => {
  const child = spawn(
    options.binary.path,
    ['server', '-dev', '-dev-no-store-token', `-dev-listen-address=127.0.0.1:${port}`, '-log-level=warn'],
    {
      cwd: options.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { HOME: options.folder, PATH: process.env.PATH, VAULT_DEV_ROOT_TOKEN_ID: rootToken },
    },
  )
  keepLog(child, createWriteStream(options.logFile, { flags: 'a', mode: 0o600 }))
  return child
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null

const end = async (child: ChildProcess): Promise<void> => {
  if (hasEnded(child)) return
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMilliseconds)
  await ended
  clearTimeout(timer)
}

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds))

/** True once it answers unsealed, false where the process has ended before. */
const becomesReady = async (child: ChildProcess, vault: Vault): Promise<boolean> => {
  const deadline = performance.now() + readyMilliseconds
  while (performance.now() < deadline && !hasEnded(child)) {
    const health = await vault.health().catch(() => undefined)
    if (health?.initialized === true && !health.sealed) return !hasEnded(child)
    await pause(pollMilliseconds)
  }
  return false
}

const attempt = async (options: RealVaultOptions): Promise<VaultServer | undefined> => {
  const port = await freePort()
  // Vault refuses a chosen token with its own prefix `hvs.` or with a dot.
  const rootToken = randomBytes(24).toString('hex')
  const child = launch(options, port, rootToken)
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', reject)
  })
  if (child.pid !== undefined) await options.onProcess?.(child.pid)
  const address = `http://127.0.0.1:${port}`
  const vault = new Vault({
    address,
    retries: { attempts: 1, baseMilliseconds: 0, totalMilliseconds: 0 },
    token: new Secret(rootToken),
  })
  try {
    if (await becomesReady(child, vault)) {
      // Another process may have taken the port between the probe and the start: ours knows our token.
      await vault.lookupSelf()
      return {
        reality: 'real',
        version: options.binary.version,
        address,
        rootToken: new Secret(rootToken),
        stop: () => end(child),
      }
    }
  } catch {
    // Not ours that answered: the next attempt takes another port.
  } finally {
    await vault.close()
  }
  await end(child)
  return undefined
}

/**
 * `vault server -dev` on a free port of 127.0.0.1, its data in memory.
 *
 * The root token is in the process's environment, never on its command line, in a file or in its log.
 * @throws {Fault} `unavailable` when it does not come up.
 */
export const startRealVault = async (options: RealVaultOptions): Promise<VaultServer> => {
  await mkdir(options.folder, { recursive: true, mode: 0o700 })
  for (let count = 0; count < startAttempts; count++) {
    const server = await attempt(options)
    if (server !== undefined) return server
  }
  throw new Fault(
    'unavailable',
    `Vault ${options.binary.version} at ${options.binary.path} did not come up.`,
    {
      details: { resource: 'vault', hint: `Its log is ${options.logFile}.` },
    },
  )
}
