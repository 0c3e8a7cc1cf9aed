import { type ChildProcess, spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Ucp } from '../../src/clients/ucp.ts'
import { listNodes } from '../../src/clients/ucp-nodes.ts'
import { compilePlatform } from '../../src/compile/compile.ts'
import { checkoutRoot } from '../../src/engine/checkout.ts'
import { platformUser } from '../../src/lab/cluster-lab.ts'
import { readLive } from '../../src/watch/pools/live-record.ts'
import { failuresOf, type LabSession, openLabSession } from './lab-session.ts'
import { killNow } from './processes.ts'
import { runTenantry } from './run-command.ts'

const third = 'nonprod-std-03'
const collection = '/Run/Std'

interface Line {
  readonly event: string
  readonly message: string
  readonly [fact: string]: unknown
}

/** One process of the command, as the unit runs it. */
class WatchProcess {
  readonly lines: Line[] = []
  readonly #child: ChildProcess
  readonly #ended: Promise<number | null>
  #rest = ''

  constructor({ files, environment }: LabSession) {
    const words = ['--root', files, 'watch', 'cluster', '--cluster', 'nonprod', '--listen', '127.0.0.1:0']
    this.#child = spawn(process.execPath, [join(checkoutRoot(), 'bin', 'tenantry.mjs'), ...words], {
      cwd: checkoutRoot(),
      env: environment,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => this.#hear(text))
    this.#ended = new Promise((resolve) => this.#child.once('exit', resolve))
  }

  #hear(text: string): void {
    const lines = `${this.#rest}${text}`.split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) if (line.startsWith('{')) this.lines.push(JSON.parse(line) as Line)
  }

  has(event: string): boolean {
    return this.lines.some((line) => line.event === event)
  }

  get address(): string {
    return String(this.lines.find(({ event }) => event === 'started')?.address)
  }

  kill(): Promise<number | null> {
    killNow(this.#child.pid ?? 0)
    return this.#ended
  }

  stop(): Promise<number | null> {
    this.#child.kill('SIGTERM')
    return this.#ended
  }
}

/** Looks until something holds; a bound for what hangs, not a time that is asserted. */
const until = async (holds: () => Promise<boolean> | boolean, told: () => unknown): Promise<void> => {
  for (const end = Date.now() + 400_000; !(await holds()); await wait(500))
    if (Date.now() > end) expect.fail(`it never came to that: ${JSON.stringify(told(), null, 1)}`)
}

describe('tenantry watch cluster, as it is run', () => {
  let session: LabSession
  let ucp: Ucp
  const processes: WatchProcess[] = []

  const start = (): WatchProcess => {
    const one = new WatchProcess(session)
    processes.push(one)
    return one
  }

  const live = () => readLive(session.lab.layout.state, 'nonprod.platform')

  const isAtWork = async (hostname: string): Promise<boolean> => {
    const node = (await listNodes(ucp)).find((one) => one.hostname === hostname)
    return node?.availability === 'active' && node.labels['com.docker.ucp.access.label'] === collection
  }

  beforeAll(async () => {
    session = await openLabSession({
      prepare: async (files) => {
        const file = join(files, 'stacks', 'nonprod.ts')
        const text = await readFile(file, 'utf8')
        const edited = text.replace(
          '  thresholds: {',
          '  watch: { cluster: { tickSeconds: 5 } },\n  thresholds: {',
        )
        expect(edited).not.toBe(text)
        await writeFile(file, edited)
      },
    })
    const nonprod = session.lab.clusters.find(({ cluster }) => cluster.cluster === 'nonprod')
    if (nonprod === undefined) throw new Error('no nonprod')
    const { results } = await session.run('up', [compilePlatform(nonprod.cluster)])
    expect(failuresOf(results)).toEqual([])
    ucp = new Ucp({
      endpoint: nonprod.ucp.address,
      caCertificate: nonprod.ucp.caCertificate,
      username: platformUser,
      password: nonprod.platformPassword,
    })
  })

  afterAll(async () => {
    await Promise.all(processes.map((one) => one.kill()))
    await ucp?.close()
    await session?.close()
  })

  test('one leads and makes a VM for tasks that wait; killed in its run, the other finishes it', async () => {
    const leader = start()
    await until(
      () => leader.has('decision'),
      () => leader.lines,
    )
    const other = start()
    await until(
      () => other.has('stands-by'),
      () => other.lines,
    )
    const body = {
      Name: 'large',
      Labels: { 'com.docker.ucp.access.label': collection },
      TaskTemplate: {
        ContainerSpec: { Image: 'bank/large:1' },
        Resources: { Reservations: { NanoCPUs: 12e9, MemoryBytes: 2 ** 30 } },
        Placement: { Constraints: [`node.labels.com.docker.ucp.access.label==${collection}`] },
      },
      Mode: { Replicated: { Replicas: 3 } },
    }
    await ucp.send({ method: 'POST', path: '/services/create', body })
    await until(
      () => live()?.pools.std?.includes(third) === true,
      () => leader.lines,
    )
    await leader.kill()

    await until(
      () => other.has('leads'),
      () => other.lines,
    )
    await until(
      () => isAtWork(third),
      () => other.lines,
    )
    await until(
      () => other.has('run'),
      () => other.lines,
    )
    expect(live()).toMatchObject({ removing: [], replacing: [] })
    const metrics = await (await fetch(`${other.address}/metrics`)).text()
    expect(metrics).toContain('tenantry_cluster_leader 1')
    expect(metrics).toContain('tenantry_pool_machines{pool="nonprod.platform/std"} 3')
    expect(await other.stop()).toBe(0)

    // The live size survives an ordinary `up`, which has nothing to do.
    const words = ['preview', '--cluster', 'nonprod', '--full', '--json']
    const preview = await runTenantry(session, words)
    expect(preview.said).not.toContain('"change": "delete"')
    expect(await isAtWork(third)).toBe(true)
  })
})
