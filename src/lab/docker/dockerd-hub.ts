import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { Fault } from '../../core/fault.ts'
import type { DockerdTools } from './dockerd.ts'

/**
 * The hub is the first process of a process namespace that holds every daemon, and owns the network that joins them: a
 * bridge in a network namespace that the host knows nothing of. It lives until its input ends, which is when whoever
 * started it stops it or dies in any way; then it ends all others and takes away what namespaces do not take with them.
 *
 * Arguments: the cgroup's name, then the folders to remove.
 */
const script = `
set -e
mount -t tmpfs tmpfs /run
mkdir -p /run/netns /run/lock
ip link set lo up
ip link add swarm0 type bridge
ip link set swarm0 up
echo ready
set +e
read -r _
kill -KILL -1
group=$1
shift
tries=0
while [ $tries -lt 100 ]; do
  tries=$((tries + 1))
  left=
  for folder in /sys/fs/cgroup/"$group" /sys/fs/cgroup/*/"$group"; do
    [ -d "$folder" ] || continue
    find "$folder" -depth -type d -exec rmdir {} + 2>/dev/null || left=yes
  done
  rm -rf "$@" 2>/dev/null || left=yes
  [ -z "$left" ] && exit 0
  sleep 0.1
done
exit 1
`

const readyMilliseconds = 60_000
const endMilliseconds = 60_000
const commandMilliseconds = 60_000

export interface HubOptions {
  readonly tools: DockerdTools
  /** Parent of all the daemons' cgroups; removed with the hub. */
  readonly cgroup: string
  /** Removed with the hub. */
  readonly folders: readonly string[]
  readonly onProcess?: (pid: number) => Promise<void>
}

/** A running hub: its end is the end of every daemon and container in it. */
export interface Hub {
  /** Runs a shell script in the hub's namespaces; `$1` and on are its arguments. @throws {Fault} `unavailable` when it fails. */
  run(text: string, parameters?: readonly string[]): Promise<void>
  /** What to put before a command so that it runs in the hub's namespaces. */
  readonly enter: readonly string[]
  stop(): Promise<void>
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null

/** Resolves when the process is over, or false after the time. */
export const endsWithin = (child: ChildProcess, milliseconds: number): Promise<boolean> => {
  if (hasEnded(child)) return Promise.resolve(true)
  return new Promise((resolve) => {
    const over = (): void => {
      clearTimeout(timer)
      resolve(true)
    }
    const timer = setTimeout(() => {
      child.off('exit', over)
      resolve(false)
    }, milliseconds)
    child.once('exit', over)
  })
}

const unavailable = (what: string, complaint: string): Fault =>
  new Fault('unavailable', `${what}: ${complaint.trim() || 'it said nothing'}.`, {
    details: { resource: 'docker' },
  })

const untilReady = (child: ChildProcess): Promise<void> =>
  new Promise((resolve, reject) => {
    let complaint = ''
    const fail = (why: string): void => {
      clearTimeout(timer)
      reject(unavailable('The network for the Docker Engines could not be made', why))
    }
    const timer = setTimeout(() => fail(`not ready in ${readyMilliseconds / 1000} s`), readyMilliseconds)
    child.once('error', (error) => fail(error.message))
    child.once('exit', (code) => fail(complaint || `it ended with ${code}`))
    child.stderr?.on('data', (chunk: Buffer) => {
      complaint = (complaint + chunk.toString()).slice(-500)
    })
    if (child.stdout === null) return fail('it has no output')
    createInterface(child.stdout).once('line', () => {
      clearTimeout(timer)
      resolve()
    })
  })

/** The only child of a process. */
const childOf = async (parent: number): Promise<number> => {
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const status = await readFile(`/proc/${name}/status`, 'utf8').catch(() => '')
    if (new RegExp(`^PPid:\\s+${parent}$`, 'm').test(status)) return Number(name)
  }
  throw unavailable('The network for the Docker Engines could not be made', 'its first process is gone')
}

const launch = ({ tools, cgroup, folders }: HubOptions): ChildProcess =>
  spawn(
    tools.programs.unshare,
    [
      ...['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--propagation', 'private'],
      ...['/bin/sh', '-c', script, 'tenantry-docker-hub', cgroup, ...folders],
    ],
    { cwd: '/', stdio: ['pipe', 'pipe', 'pipe'], env: { PATH: tools.path } },
  )

const end = async (child: ChildProcess): Promise<void> => {
  child.stdin?.end()
  if (await endsWithin(child, endMilliseconds)) return
  child.kill('SIGKILL')
  await endsWithin(child, endMilliseconds)
}

/** Starts the hub. @throws {Fault} `unavailable` when the kernel refuses it. */
export const startHub = async (options: HubOptions): Promise<Hub> => {
  const { tools } = options
  const child = launch(options)
  // The pipe breaks when the hub ends before us.
  child.stdin?.on('error', () => undefined)
  try {
    await untilReady(child)
    if (child.pid === undefined) throw unavailable('The network for the Docker Engines', 'it has no process')
    await options.onProcess?.(child.pid)
    const first = await childOf(child.pid)
    const enter = [tools.programs.nsenter, '--target', String(first), '--net', '--mount', '--pid', '--']
    return {
      enter,
      run: async (text, parameters = []) => {
        const [program = '', ...rest] = [...enter, '/bin/sh', '-ec', text, 'tenantry', ...parameters]
        try {
          await promisify(execFile)(program, rest, {
            cwd: '/',
            env: { PATH: tools.path },
            timeout: commandMilliseconds,
          })
        } catch (error) {
          const stderr = error !== null && typeof error === 'object' && 'stderr' in error ? error.stderr : ''
          throw unavailable('A network of the Docker Engines could not be changed', String(stderr))
        }
      },
      stop: () => end(child),
    }
  } catch (error) {
    await end(child)
    throw error
  }
}
