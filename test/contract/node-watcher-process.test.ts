import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { nodeMarks } from '../../src/core/node-marks.ts'
import { checkoutRoot } from '../../src/engine/checkout.ts'
import { FakeKernel } from '../fixtures/fake-kernel.ts'
import { generateCluster } from '../fixtures/generate-fleet.ts'
import { WatchWorld } from './node-watcher-world.ts'

const password = 'a-watcher-has-a-password'
/** For a process that starts on a busy machine; nothing here is about how long it takes. */
const patience = { timeout: 240_000, interval: 100 }

let world: WatchWorld
let root: string
let kernel: FakeKernel
const running: ChildProcess[] = []

beforeAll(async () => {
  world = await WatchWorld.open()
  root = mkdtempSync(join(tmpdir(), 'tenantry-node-process-'))
  kernel = new FakeKernel(join(root, 'proc'))
  mkdirSync(join(root, 'stacks'))
  const watch = { node: { sampleSeconds: 1, breachSeconds: 1, calmSeconds: 1, staleSeconds: 120 } }
  const cluster = { ...generateCluster('nonprod', 2), watch }
  writeFileSync(join(root, 'stacks', 'nonprod.ts'), `export default ${JSON.stringify(cluster)}\n`)
  writeFileSync(join(root, 'password'), `${password}\n`)
  writeFileSync(join(root, 'ca.pem'), world.emulator.caCertificate)
})
afterAll(async () => {
  kernel.stop()
  await world.close()
  rmSync(root, { recursive: true, force: true })
})
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL')
})

type Line = Readonly<Record<string, unknown>>

/** The real process on a host of its own; resolves when it says that it watches. */
const start = async (node: string) => {
  const lines: Line[] = []
  const child = spawn(
    process.execPath,
    [join(checkoutRoot(), 'bin', 'tenantry.mjs'), '--root', root, 'watch', 'node', '--listen', '127.0.0.1:0'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        PATH: process.env.PATH,
        TENANTRY_CLUSTER: 'nonprod',
        TENANTRY_NODE: node,
        TENANTRY_UCP_ENDPOINT: world.emulator.address,
        TENANTRY_UCP_USERNAME: 'svc-watch',
        TENANTRY_UCP_PASSWORD_FILE: join(root, 'password'),
        TENANTRY_UCP_CA_FILE: join(root, 'ca.pem'),
        TENANTRY_PROC: kernel.proc,
      },
    },
  )
  running.push(child)
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line) as Line))
  const started = () => lines.find(({ event }) => event === 'started')
  await expect.poll(started, patience).toBeDefined()
  return { child, lines, address: String(started()?.address) }
}

const availability = async (name: string): Promise<string> => (await world.node(name)).availability

test('the process pauses its node, is killed, and the next one makes it active again and ends in order', {
  timeout: 900_000,
}, async () => {
  const [name = ''] = await world.joined()
  kernel.isBusy = true
  const first = await start(name)
  await expect.poll(() => availability(name), patience).toBe('pause')
  const metrics = await (await fetch(`${first.address}/metrics`)).text()
  expect(metrics).toMatch(/^tenantry_node_deeds_total\{deed="paused"\} 1$/m)
  first.child.kill('SIGKILL')
  await once(first.child, 'close')

  kernel.isBusy = false
  const second = await start(name)
  await expect.poll(() => availability(name), patience).toBe('active')
  const { labels } = await world.node(name)
  expect([labels[nodeMarks.pausedAt], labels.zone]).toEqual([undefined, 'east'])
  expect(await (await fetch(`${second.address}/health`)).json()).toMatchObject({
    status: 'well',
    ucpFailures: 0,
  })

  const closed = once(second.child, 'close')
  second.child.kill('SIGTERM')
  expect((await closed)[0]).toBe(0)
  expect(second.lines.at(-1)).toMatchObject({ event: 'stopping', level: 'info' })
  expect(JSON.stringify([...first.lines, ...second.lines])).not.toContain(password)
})
