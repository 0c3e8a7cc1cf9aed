import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { unzipSync } from 'fflate'
import { Agent, request } from 'undici'
import type { ClusterLab } from '../../src/lab/cluster-lab.ts'
import { callEngine } from '../../src/lab/docker/engine-calls.ts'
import type { Lab } from '../../src/lab/lab.ts'
import { descendantsOf } from './processes.ts'

export interface Said {
  /** 0 where it succeeded. */
  readonly code: number
  readonly out: string
  readonly err: string
}

/** A person with the `docker` command and the client bundle that UCP gave them. */
export interface BundleHolder {
  docker(...args: string[]): Promise<Said>
  /** With variables of the environment that the command fills in. */
  dockerWith(variables: NodeJS.ProcessEnv, ...args: string[]): Promise<Said>
  readonly close: () => Promise<void>
}

/** A command's end in whatever way; never waits for more than a minute. */
export const outcomeOf = async (
  program: string,
  args: readonly string[],
  env = process.env,
): Promise<Said> => {
  try {
    const { stdout, stderr } = await promisify(execFile)(program, [...args], { env, timeout: 60_000 })
    return { code: 0, out: stdout, err: stderr }
  } catch (error) {
    const { code, stdout, stderr } = error as { code?: number; stdout?: string; stderr?: string }
    if (stdout === undefined || stderr === undefined) throw error
    return { code: typeof code === 'number' ? code : -1, out: stdout, err: stderr }
  }
}

/** Downloads somebody's bundle as they would, with their password. */
const downloadBundle = async (
  { ucp }: ClusterLab,
  username: string,
  password: string,
): Promise<Uint8Array> => {
  const dispatcher = new Agent({ connect: { ca: ucp.caCertificate } })
  try {
    const login = await request(`${ucp.address}/auth/login`, {
      ...{ dispatcher, method: 'POST', headers: { 'content-type': 'application/json' } },
      body: JSON.stringify({ username, password }),
    })
    const { auth_token: token } = (await login.body.json()) as { auth_token: string }
    const bundle = await request(`${ucp.address}/api/clientbundle`, {
      ...{ dispatcher, method: 'POST', headers: { authorization: `Bearer ${token}` } },
    })
    return new Uint8Array(await bundle.body.arrayBuffer())
  } finally {
    await dispatcher.close()
  }
}

/** Gives a person of the directory their bundle for a cluster, in a folder of their own. */
export const withBundle = async (lab: Lab, cluster: ClusterLab, user: string): Promise<BundleHolder> => {
  const password = lab.people.passwords.get(user)?.reveal() ?? ''
  const folder = await mkdtemp(join(tmpdir(), `tenantry-bundle-${user}-`))
  for (const [name, bytes] of Object.entries(unzipSync(await downloadBundle(cluster, user, password)))) {
    if (name.endsWith('/')) continue
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), bytes, { mode: 0o600 })
  }
  const exports = await readFile(join(folder, 'env.sh'), 'utf8')
  const environment = {
    PATH: process.env.PATH,
    HOME: folder,
    DOCKER_CONFIG: join(folder, 'config'),
    DOCKER_TLS_VERIFY: '1',
    DOCKER_CERT_PATH: folder,
    DOCKER_HOST: /DOCKER_HOST=(\S+)/.exec(exports)?.[1],
  }
  return {
    docker: (...args) => outcomeOf('docker', args, environment),
    dockerWith: (variables, ...args) => outcomeOf('docker', args, { ...variables, ...environment }),
    close: () => rm(folder, { recursive: true, force: true }),
  }
}

/** Whether this machine has the `docker` command. */
export const hasDockerCommand = (): Promise<boolean> =>
  outcomeOf('docker', ['--version']).then(
    ({ code }) => code === 0,
    () => false,
  )

/** A container as its own node's engine sees it: past the proxy, to compare with what the proxy's users see. */
export interface SeenContainer {
  readonly hostname: string
  readonly pid: number
  readonly config: {
    readonly NanoCpus: number
    readonly Memory: number
    readonly NetworkMode: string
  }
}

export const inspectAt = async (cluster: ClusterLab, container: string): Promise<SeenContainer> => {
  for (const { hostname, socketPath } of cluster.docker.real?.daemons() ?? []) {
    const { json } = await callEngine(socketPath, {
      method: 'GET',
      path: `/containers/json?filters=${encodeURIComponent(JSON.stringify({ id: [container] }))}`,
    })
    if (!Array.isArray(json) || json.length === 0) continue
    const found = (await callEngine(socketPath, { method: 'GET', path: `/containers/${container}/json` }))
      .json
    const { State, HostConfig } = found as { State: { Pid: number }; HostConfig: SeenContainer['config'] }
    return { hostname, pid: State.Pid, config: HostConfig }
  }
  throw new Error(`no node has the container ${container}`)
}

const cgroupRoot = '/sys/fs/cgroup'

/** A container's folder below one controller (version 1) or below all of them (version 2). */
const cgroupOf = async (controller: string, container: string): Promise<string | undefined> => {
  const root = join(cgroupRoot, controller)
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => [])
  const folder = entries.find((entry) => entry.isDirectory() && entry.name.includes(container))
  return folder === undefined ? undefined : join(folder.parentPath, folder.name)
}

/** What the kernel holds a container to, in CPUs and bytes, whichever version of cgroups the machine has. */
export const kernelLimits = async (
  container: string,
): Promise<{ readonly cpus: number; readonly memoryBytes: number }> => {
  const read = async (folder: string, file: string): Promise<string> =>
    (await readFile(join(folder, file), 'utf8')).trim()
  const [cpu, memory] = [await cgroupOf('cpu', container), await cgroupOf('memory', container)]
  if (cpu !== undefined && memory !== undefined)
    return {
      cpus: Number(await read(cpu, 'cpu.cfs_quota_us')) / Number(await read(cpu, 'cpu.cfs_period_us')),
      memoryBytes: Number(await read(memory, 'memory.limit_in_bytes')),
    }
  const unified = await cgroupOf('', container)
  if (unified === undefined) throw new Error(`the kernel has no cgroup of ${container}`)
  const [quota, period] = (await read(unified, 'cpu.max')).split(' ')
  return { cpus: Number(quota) / Number(period), memoryBytes: Number(await read(unified, 'memory.max')) }
}

/** Runs a command in the network of a node of the lab, where nobody but this test looks. */
export const inNodeNetwork = async (socketPath: string, command: readonly string[]): Promise<string> => {
  const daemon = (await descendantsOf(process.pid)).find(
    ({ name, commandLine }) => name === 'dockerd' && commandLine.includes(`unix://${socketPath} `),
  )
  if (daemon === undefined) throw new Error(`no dockerd at ${socketPath}`)
  const { out, err, code } = await outcomeOf('nsenter', ['--target', String(daemon.pid), '--net', ...command])
  if (code !== 0) throw new Error(`${command.join(' ')}: ${err}`)
  return out
}
