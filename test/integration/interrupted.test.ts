import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Ucp } from '../../src/clients/ucp.ts'
import { checkoutRoot } from '../../src/engine/checkout.ts'
import { destroyStack } from '../../src/engine/run-stack.ts'
import { stackStatus } from '../../src/engine/stack-status.ts'
import type { ClusterLab } from '../../src/lab/cluster-lab.ts'
import type { InjectedFault } from '../../src/lab/faults.ts'
import type { StackState } from '../../src/model/desired-state.ts'
import { changesOf, failuresOf, type LabSession, openLabSession } from './lab-session.ts'
import { descendantsOf, killNow } from './processes.ts'
import { differences, readWorld, type World } from './world.ts'

const organization = 'interrupted'
const stack = `nonprod.${organization}`

/** One of everything that a tenant can have, each once, so that a run is short. */
const tenantFile = `import { defineTenant } from '../src/tenant/define.ts'

export default defineTenant({
  organization: '${organization}',
  size: 'small',
  owner: 'nadia.rossi@bank.example',
  technicalLead: 'tom.becker@bank.example',
  costCentre: 'INT-1001',
  teams: {
    developers: { role: 'developer', ldapGroup: 'CN=DS-Scientists,OU=Groups,DC=bank,DC=example' },
    pipelines: { role: 'ci', members: ['svc-invest-ci'] },
  },
  offers: { 'run/std': {}, 'run/edge': { pool: { machine: 'standard', min: 1, max: 2 } }, 'build/std': {} },
  applications: {
    shop: { environments: ['dev', 'test'], repositories: ['shop'], offer: 'run/edge', secrets: ['keys'] },
  },
  networks: {
    inner: { kind: 'overlay', subnet: '10.66.200.0/24', internal: true },
    outer: { kind: 'public', addresses: 2, application: 'shop' },
  },
  volumes: {
    files: { backend: 'cifs', size: '10Gi', application: 'shop' },
    data: { backend: 'nfs', size: '10Gi', application: 'shop' },
  },
  ci: { agents: { max: 2, labels: ['shop'] }, account: 'svc-invest-ci' },
  clusters: { nonprod: {} },
})
`

let session: LabSession
let state: StackState
let undisturbed: World
let writesInAll: number

const nonprod = (): ClusterLab => {
  const found = session.lab.clusters.find(({ cluster }) => cluster.cluster === 'nonprod')
  if (found === undefined) throw new Error('no nonprod')
  return found
}

/** Calls `act` at each call of UCP, its engine and the registry that changes something; what it answers happens to the call. */
const onWrite = (act: (count: number) => InjectedFault | undefined): (() => number) => {
  let count = 0
  const { ucp, registry } = nonprod()
  for (const { faults } of [ucp, registry])
    faults.next = ({ method, url }) => {
      const isWrite = method !== 'GET' && method !== 'HEAD' && !(url ?? '').includes('/auth/')
      if (!isWrite) return undefined
      count += 1
      return act(count)
    }
  return () => count
}

const up = async (): Promise<void> => {
  const { results } = await session.run('up', [state])
  expect(failuresOf(results)).toEqual([])
}

const remove = async (): Promise<void> => {
  const { engine, environment } = session
  expect(failuresOf([await destroyStack({ stack, engine, environment })])).toEqual([])
  const { ucp, platformPassword } = nonprod()
  const username = 'svc-tenantry'
  const options = { endpoint: ucp.address, caCertificate: ucp.caCertificate, username }
  const admin = new Ucp({ ...options, password: platformPassword })
  for (const one of state.resources)
    if (one.kind === 'Volume')
      await admin.send({ method: 'DELETE', path: `/volumes/${one.name}`, answers: [404] })
  await admin.close()
}

interface Ended {
  readonly code: number | null
  readonly output: string
}

/** `tenantry up` of the organization, in a process group of its own as a shell would start it. */
const startUp = (): { readonly pid: number; readonly ended: Promise<Ended> } => {
  const { files, environment } = session
  const child = spawn(
    process.execPath,
    [
      join(checkoutRoot(), 'bin', 'tenantry.mjs'),
      ...['--root', files, 'up', organization, '--cluster', 'nonprod', '--full', '--quiet'],
    ],
    { env: environment, detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
  if (child.pid === undefined) throw new Error('tenantry did not start')
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, output }))
  return { pid: child.pid, ended }
}

type Victim = 'plugin' | 'engine' | 'tenantry' | 'all'

const isVictim: Readonly<Record<Exclude<Victim, 'tenantry'>, (name: string, line: string) => boolean>> = {
  plugin: (_, line) => line.includes('plugins/ucp/main.mjs'),
  engine: (name) => name === 'pulumi',
  all: () => true,
}

/** Kills part of a running `tenantry`; how many processes that were. */
const kill = async (pid: number, victim: Victim): Promise<number> => {
  const below = victim === 'tenantry' ? [] : await descendantsOf(pid)
  const chosen = below.filter(
    ({ name, commandLine }) => victim !== 'tenantry' && isVictim[victim](name, commandLine),
  )
  const pids = [...(victim === 'tenantry' || victim === 'all' ? [pid] : []), ...chosen.map((one) => one.pid)]
  for (const one of pids) killNow(one)
  return pids.length
}

interface KillPoint {
  /** Of the calls that change something, from 1. */
  readonly write: number
  readonly victim: Victim
  /** What happens to that call: it never takes effect, it does and nobody hears, it does after the death. */
  readonly fate: 'lost before' | 'lost after' | 'late'
}

const fates: Readonly<Record<KillPoint['fate'], InjectedFault>> = {
  'lost before': { kind: 'timeout-before' },
  'lost after': { kind: 'timeout-after' },
  late: { kind: 'slow', milliseconds: 400 },
}

/** An engine that outlives `tenantry` would wait a minute for an answer that never comes. */
const fateOf = (victim: Victim, chosen: KillPoint['fate']): KillPoint['fate'] =>
  victim === 'tenantry' ? 'late' : chosen

/** Mulberry32: a sequence that a seed fixes. */
const random = (seed: number): (() => number) => {
  let at = seed >>> 0
  return () => {
    at = (at + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(at ^ (at >>> 15), at | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** One sample for every run of the suite, so that a failure is somebody’s change; others by TENANTRY_SEED. */
const seed = Number(process.env.TENANTRY_SEED ?? 117_916)
const victims: readonly Victim[] = [
  ...['plugin', 'engine', 'all', 'tenantry', 'engine', 'plugin', 'all', 'engine'],
] as const

/** One in each part of the run, so that all of it is tried. */
const killPoints = (writes: number): readonly KillPoint[] => {
  const next = random(seed)
  const names = Object.keys(fates) as KillPoint['fate'][]
  return victims.map((victim, index) => ({
    write: Math.min(writes, 1 + Math.floor(((index + next()) * writes) / victims.length)),
    victim,
    fate: fateOf(victim, names[Math.floor(next() * names.length)] ?? 'late'),
  }))
}

const locks = async (): Promise<readonly string[]> => {
  const { layout } = session.lab
  const folders = [
    join(layout.state, '.pulumi', 'locks', 'organization', 'tenantry', stack),
    join(layout.state, '.tenantry', 'leases'),
  ]
  return (await Promise.all(folders.map((folder) => readdir(folder).catch(() => [])))).flat()
}

const statusOf = () => stackStatus({ stack, engine: session.engine, environment: session.environment })

const isLinux = process.platform === 'linux'
if (!isLinux) console.log('skipped: killing parts of a run needs /proc, which only Linux has')

beforeAll(async () => {
  if (!isLinux) return
  session = await openLabSession()
  // Its LDAP group and CI account are those of samples, which are in the lab's directory.
  for (const sample of await readdir(join(session.files, 'tenants')))
    await rm(join(session.files, 'tenants', sample))
  await writeFile(join(session.files, 'tenants', `${organization}.ts`), tenantFile)
  const stacks = (await session.stacks([organization])).filter(({ cluster }) => cluster === 'nonprod')
  const found = stacks.find((one) => one.stack === stack)
  if (found === undefined) throw new Error(`no ${stack}`)
  state = found
  expect(
    failuresOf(
      (
        await session.run(
          'up',
          stacks.filter((one) => one !== found),
        )
      ).results,
    ),
  ).toEqual([])
  const count = onWrite(() => undefined)
  await up()
  writesInAll = count()
  undisturbed = await readWorld(session.lab, nonprod())
})
afterAll(async () => {
  await session?.close()
  await rm(join(checkoutRoot(), 'stacks', `Pulumi.${stack}.yaml`), { force: true })
})

describe.runIf(isLinux)('a run that is killed', () => {
  test('is finished by the next one, which needs nobody and makes nothing twice', async () => {
    const points = killPoints(writesInAll)
    console.log(`${points.length} kill points among ${writesInAll} writes, TENANTRY_SEED=${seed}`)
    for (const point of points) {
      const started = performance.now()
      await remove()
      let running: ReturnType<typeof startUp> | undefined
      let killed: Promise<number> | undefined
      onWrite((count) => {
        if (count < point.write || killed !== undefined || running === undefined) return undefined
        killed = kill(running.pid, point.victim)
        return fates[point.fate]
      })
      running = startUp()
      const ended = await running.ended
      const what = `${point.victim} at write ${point.write} (${point.fate})`
      expect(await killed, `${what}: ${ended.output}`).toBeGreaterThan(0)
      expect(ended.code, what).not.toBe(0)
      const begun = await locks()
      onWrite(() => undefined)
      const again = await session.run('up', [state])
      expect(failuresOf(again.results), what).toEqual([])
      expect(
        again.results.flatMap(({ diagnostics }) => diagnostics),
        what,
      ).toEqual([])
      expect(differences(undisturbed, await readWorld(session.lab, nonprod())), what).toEqual([])
      expect((await statusOf()).pending, what).toEqual([])
      expect(await locks(), what).toEqual([])
      expect(changesOf((await session.run('up', [state])).results), what).toEqual([])
      const seconds = ((performance.now() - started) / 1000).toFixed(1)
      console.log(`  ${what}: ${begun.length} locks left, same world, ${seconds} s`)
    }
  })
})

describe.runIf(isLinux)('two runs at once on one stack', () => {
  test('let the first finish and tell the second who holds the stack', async () => {
    await remove()
    let isOver = false
    const second = new Promise<Ended>((resolve) => {
      onWrite((count) => {
        if (count === 1) resolve(startUp().ended)
        return isOver ? undefined : { kind: 'slow', milliseconds: 2_000 }
      })
    })
    const first = startUp()
    const refused = await second
    isOver = true
    expect(refused.code, refused.output).toBe(3)
    expect(refused.output).toContain(`${stack} is being changed by \`up\` of `)
    expect(refused.output).toContain(`(pid ${first.pid}, since `)
    const { code, output } = await first.ended
    expect(code, output).toBe(0)
    expect(differences(undisturbed, await readWorld(session.lab, nonprod()))).toEqual([])
    onWrite(() => undefined)
    expect(changesOf((await session.run('up', [state])).results)).toEqual([])
  })
})
