import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Secret } from '../../src/core/secret.ts'
import { checkoutRoot } from '../../src/engine/checkout.ts'
import { type DockerEngine, startDockerEngine } from '../../src/lab/docker/engine.ts'
import { startUcp, type Ucp } from '../../src/lab/ucp/server.ts'
import { FakeKernel } from '../fixtures/fake-kernel.ts'
import { generateCluster } from '../fixtures/generate-fleet.ts'

const settleSeconds = 20
const restSeconds = 60
const breachSeconds = 5
/** As the shipped unit and service start it. */
const nodeOptions = '--max-old-space-size=48 --max-semi-space-size=1'
/** `sysconf(_SC_CLK_TCK)` of every Linux that Node runs on. */
const ticksPerSecond = 100
const password = 'a-watcher-has-a-password'

const wait = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1000))

interface World {
  readonly root: string
  readonly engine: DockerEngine
  readonly ucp: Ucp
}

const openWorld = async (): Promise<World> => {
  const root = mkdtempSync(join(tmpdir(), 'tenantry-bench-'))
  const engine = await startDockerEngine({ socketPath: join(root, 'engine.sock') })
  const ucp = await startUcp({
    cluster: 'nonprod',
    directory: { users: [], groups: [] },
    users: [{ name: 'svc-watch', isAdmin: true, password: new Secret(password) }],
    engineSocket: engine.socketPath,
  })
  for (const hostname of ['one', 'two', 'three'])
    await engine.joinNode({ hostname, cpus: 4, memoryBytes: 8e9 })
  await ucp.placeNodes()
  writeFileSync(join(root, 'password'), password)
  writeFileSync(join(root, 'ca.pem'), ucp.caCertificate)
  return { root, engine, ucp }
}

/** The cluster's file with windows and limits of its own. */
const writeCluster = (root: string, percent: number, node: object): void => {
  const cluster = generateCluster('nonprod', 2)
  const limits = (value: number) => ({ loadPercent: value, memoryPercent: value })
  const thresholds = { ...cluster.thresholds, pause: limits(percent), resume: limits(percent - 5) }
  mkdirSync(join(root, 'stacks'), { recursive: true })
  const text = JSON.stringify({ ...cluster, thresholds, watch: { node } })
  writeFileSync(join(root, 'stacks', 'nonprod.ts'), `export default ${text}\n`)
}

/** The real process; resolves when it says that it has started. */
const startWatcher = async ({ root, ucp }: World, proc: string): Promise<ChildProcess> => {
  const line = [join(checkoutRoot(), 'bin', 'tenantry.mjs'), '--root', root, 'watch', 'node']
  const child = spawn(process.execPath, line, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      NODE_OPTIONS: nodeOptions,
      TENANTRY_CLUSTER: 'nonprod',
      TENANTRY_NODE: 'one',
      TENANTRY_UCP_ENDPOINT: ucp.address,
      TENANTRY_UCP_USERNAME: 'svc-watch',
      TENANTRY_UCP_PASSWORD_FILE: join(root, 'password'),
      TENANTRY_UCP_CA_FILE: join(root, 'ca.pem'),
      TENANTRY_LISTEN: '127.0.0.1:0',
      TENANTRY_PROC: proc,
    },
  })
  for await (const text of createInterface({ input: child.stdout ?? [] }))
    if ((JSON.parse(text) as { event: string }).event === 'started') break
  child.stdout?.resume()
  return child
}

const stopWatcher = async (child: ChildProcess): Promise<void> => {
  const ended = once(child, 'close')
  child.kill('SIGTERM')
  await ended
}

/** CPU seconds that a process has used (proc(5), fields 14 and 15 of stat). */
const cpuSeconds = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

const residentMebibytes = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

/** This host, with limits that nothing exceeds: the watcher samples, asks UCP, and decides to do nothing. */
const measureRest = async (world: World): Promise<void> => {
  writeCluster(world.root, 100, {})
  const child = await startWatcher(world, '/proc')
  const pid = child.pid ?? Number.NaN
  await wait(settleSeconds)
  const before = cpuSeconds(pid)
  await wait(restSeconds)
  const percent = (100 * (cpuSeconds(pid) - before)) / restSeconds
  console.log(
    `node watcher at rest, a sample every 5 s: ${percent.toFixed(2)} % of a core over ${restSeconds} s, ${residentMebibytes(pid).toFixed(0)} MiB resident`,
  )
  await stopWatcher(child)
}

const isPaused = async (engine: DockerEngine): Promise<boolean> =>
  (await engine.nodes()).some(({ Spec }) => Spec.Availability === 'pause')

/** From the moment at which a host becomes busy until its node takes no new work. */
const measurePause = async (world: World): Promise<void> => {
  writeCluster(world.root, 80, { sampleSeconds: 1, breachSeconds, staleSeconds: 10 })
  const kernel = new FakeKernel(join(world.root, 'proc'))
  const child = await startWatcher(world, kernel.proc)
  await wait(breachSeconds)
  const busyFrom = performance.now()
  kernel.isBusy = true
  while (!(await isPaused(world.engine))) await wait(0.05)
  const seconds = (performance.now() - busyFrom) / 1000
  console.log(
    `node watcher, breach to pause: ${seconds.toFixed(2)} s, of which ${breachSeconds} s are the window and up to 2 s its samples`,
  )
  kernel.stop()
  await stopWatcher(child)
}

/** What the node watcher's process costs at rest, and how late it pauses. */
export const benchNodeWatch = async (): Promise<void> => {
  const world = await openWorld()
  try {
    await measureRest(world)
    await measurePause(world)
  } finally {
    await world.ucp.stop()
    await world.engine.stop()
    rmSync(world.root, { recursive: true, force: true })
  }
}
