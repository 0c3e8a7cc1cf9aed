import { cp, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ensureBundle } from '../../bin/bundle.mjs'
import type { Cluster } from '../../src/cluster/schema.ts'
import { isFault } from '../../src/core/fault.ts'
import { identify, isAlive } from '../../src/engine/process-identity.ts'
import { labDown, labEnvironment, labStatus, labUp, shellExports } from '../../src/lab/control.ts'
import { readLabRecord, writeLabRecord } from '../../src/lab/lab-record.ts'
import { labLayout } from '../../src/lab/layout.ts'
import { loadFleet } from '../../src/load/load-fleet.ts'

const loaded = await loadFleet(process.cwd())
if (!loaded.ok) throw new Error(JSON.stringify(loaded.issues))
const clusters: readonly Cluster[] = loaded.value.clusters.slice(0, 1).map(({ value }) => value)

describe('a lab in a process of its own', () => {
  let root: string

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'tenantry-lab-'))
    await cp('lab/directory.json', join(root, 'lab', 'directory.json'))
  })
  afterAll(async () => {
    await labDown(root)
    await rm(root, { recursive: true, force: true })
  })

  const up = (report: (line: string) => void = () => undefined) =>
    labUp({ root, clusters, bundle: ensureBundle, report, docker: 'memory' })

  it('is not there before it is started', async () => {
    expect(await labStatus(root)).toEqual({ running: false, stale: false })
    await expect(labEnvironment(root)).rejects.toSatisfy((error) => isFault(error, 'unavailable'))
    expect(await labDown(root)).toBe(false)
  })

  it('starts, tells what it does, refuses a second one and ends', async () => {
    const lines: string[] = []
    const record = await up((line) => lines.push(line))
    expect(lines.join('\n')).toContain('nonprod ucp: ')
    expect(record.ready).toBe(true)
    expect(record.supervisor.pid).not.toBe(process.pid)
    expect((await labStatus(root)).running).toBe(true)
    await expect(up()).rejects.toSatisfy((error) => isFault(error, 'conflict'))
    const environment = await labEnvironment(root)
    expect((await stat(environment.PULUMI_CONFIG_PASSPHRASE_FILE ?? '')).mode & 0o077).toBe(0)
    expect(await labDown(root)).toBe(true)
    expect(await isAlive(record.supervisor)).toBe(false)
    for (const child of record.children) expect(await isAlive(child)).toBe(false)
    expect(await labStatus(root)).toEqual({ running: false, stale: false })
    await expect(readFile(labLayout(root).connections)).rejects.toThrow('ENOENT')
  })

  it('cleans up after one that was killed, its children included', async () => {
    const killed = await up()
    process.kill(killed.supervisor.pid, 'SIGKILL')
    await expect.poll(() => isAlive(killed.supervisor)).toBe(false)
    expect(await labStatus(root)).toEqual({ running: false, stale: true })
    const again = await up()
    for (const child of killed.children) expect(await isAlive(child)).toBe(false)
    expect(await isAlive(again.supervisor)).toBe(true)
    expect(await labDown(root)).toBe(true)
  })

  it('leaves a process alone that merely has the number of the one that died', async () => {
    const self = await identify(process.pid)
    const layout = labLayout(root)
    await writeLabRecord(layout.record, {
      supervisor: { pid: process.pid, started: 'long ago' },
      children: [{ pid: process.pid, started: 'long ago' }],
      ready: true,
      startedAt: new Date().toISOString(),
      parts: [],
      plugins: [],
    })
    expect((await labStatus(root)).stale).toBe(true)
    expect(await labDown(root)).toBe(false)
    expect(self !== undefined && (await isAlive(self))).toBe(true)
    expect(await readLabRecord(layout.record)).toBeUndefined()
  })

  it('says why it did not start', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'tenantry-lab-'))
    const failed = labUp({ root: empty, clusters, bundle: ensureBundle, report: () => undefined })
    await expect(failed).rejects.toThrow(/did not start: .*directory\.json/)
    expect(await labStatus(empty)).toEqual({ running: false, stale: false })
    await rm(empty, { recursive: true, force: true })
  })
})

describe('shellExports', () => {
  it('quotes whatever a path may hold', () => {
    expect(shellExports({ A: "it's $HOME", B: '' })).toBe("export A='it'\\''s $HOME'\nexport B=''")
  })
})
