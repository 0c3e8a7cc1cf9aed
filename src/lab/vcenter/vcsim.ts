import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import * as z from 'zod'
import { Fault } from '../../core/fault.ts'
import { Secret } from '../../core/secret.ts'
import { buildGoTool } from '../../engine/go-build.ts'
import { type LabVcenter, labVcenterUser } from './lab-vcenter.ts'

/** The release of govmomi that tools/vcsim is built on. */
export const vcsimVersion = '0.52.0'

const startMilliseconds = 30_000
/** What it gets to remove its files before it is killed. */
const graceMilliseconds = 5_000

const Ready = z.object({ address: z.string(), certificate: z.string(), version: z.string() })

export interface VcsimOptions {
  /** A free port where absent. */
  readonly port?: number
  readonly password?: Secret
}

const isOver = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null

const end = async (child: ChildProcess): Promise<void> => {
  if (isOver(child)) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  const force = setTimeout(() => child.kill('SIGKILL'), graceMilliseconds)
  await gone
  clearTimeout(force)
}

const firstLine = (child: ChildProcess): Promise<string> =>
  new Promise((resolve, reject) => {
    const failed = (why: string) => {
      clearTimeout(late)
      reject(new Fault('unavailable', `vcsim did not start: ${why}.`))
    }
    const late = setTimeout(() => failed(`no answer in ${startMilliseconds / 1000} s`), startMilliseconds)
    let complaint = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      complaint = (complaint + chunk.toString()).slice(-500)
    })
    child.once('error', (error) => failed(error.message))
    child.once('exit', (code) => failed(complaint.trim() || `it ended with ${code}`))
    if (child.stdout === null) return failed('it has no output')
    createInterface(child.stdout).once('line', (line) => {
      clearTimeout(late)
      resolve(line)
    })
  })

/**
 * Starts the simulator that tools/vcsim builds, as a child that ends with this process.
 *
 * @throws {Fault} unavailable when it does not answer in time
 */
export const startVcsim = async (binary: string, options: VcsimOptions = {}): Promise<LabVcenter> => {
  const password = options.password ?? new Secret(randomBytes(18).toString('base64url'))
  const child = spawn(binary, ['-port', String(options.port ?? 0)], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, VCSIM_USER: labVcenterUser, VCSIM_PASSWORD: password.reveal() },
  })
  try {
    const ready = Ready.parse(JSON.parse(await firstLine(child)))
    return {
      name: 'vcenter',
      cluster: null,
      reality: 'real',
      version: `vcsim ${vcsimVersion}`,
      address: ready.address,
      user: labVcenterUser,
      password,
      caCertificate: ready.certificate,
      stop: () => end(child),
    }
  } catch (error) {
    await end(child)
    throw error
  }
}

/**
 * The simulator of tools/vcsim, built with Go into the cache unless it is there; the path of its program.
 *
 * Takes some 20 s the first time. @throws {Fault} `missing-tool` without Go.
 */
export const buildVcsim = (report: (line: string) => void): Promise<string> =>
  buildGoTool({
    tool: 'vcsim',
    version: vcsimVersion,
    folder: 'tools/vcsim',
    package: '.',
    output: 'vcsim',
    ldflags: '-s -w',
    report,
  })
