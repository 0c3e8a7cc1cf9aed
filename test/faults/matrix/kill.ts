import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect } from 'vitest'
import { checkoutRoot } from '../../../src/engine/checkout.ts'
import type { Diagnostic } from '../../../src/engine/stack-result.ts'
import type { InjectedFault } from '../../../src/lab/faults.ts'
import { failuresOf } from '../../integration/lab-session.ts'
import { type Descendant, descendantsOf, killNow } from '../../integration/processes.ts'
import type { ChangingCall } from './changing-calls.ts'
import { patienceSeconds } from './fault-kinds.ts'
import { type Life, madeTwice, type StepName } from './life.ts'

/** What dies: the plugin that made the call, the engine, `tenantry` with all below it, `tenantry` alone. */
export const victims = ['plugin', 'engine', 'all', 'tenantry'] as const
export type Victim = (typeof victims)[number]

/** What happens to the call under way: it never takes effect, it does and nobody hears, it does after the death. */
export const fates = ['lost before', 'lost after', 'late'] as const
export type Fate = (typeof fates)[number]

export interface KillPoint {
  readonly step: StepName
  /** Of the step’s changing calls, from 1. */
  readonly write: number
  readonly victim: Victim
  readonly fate: Fate
}

const faultOf: Readonly<Record<Fate, InjectedFault>> = {
  'lost before': { kind: 'timeout-before' },
  'lost after': { kind: 'timeout-after' },
  late: { kind: 'slow', milliseconds: 400 },
}

export interface Ended {
  readonly code: number | null
  readonly output: string
}

const argumentsOf = (step: StepName, tenant: string): readonly string[] =>
  step === 'destroy'
    ? ['destroy', tenant, '--cluster', 'nonprod', '--yes', tenant]
    : ['up', tenant, '--cluster', 'nonprod', '--quiet']

/** `tenantry` as a shell would start it, in a process group of its own. */
export const startTenantry = (
  { session, organization }: Life,
  step: StepName,
  tenant: string = organization,
): { readonly pid: number; readonly ended: Promise<Ended> } => {
  const { files, environment } = session
  const child = spawn(
    process.execPath,
    [join(checkoutRoot(), 'bin', 'tenantry.mjs'), '--root', files, ...argumentsOf(step, tenant)],
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

const pluginOf: Readonly<Record<ChangingCall['part'], RegExp>> = {
  UCP: /plugins\/ucp\/main\.mjs/,
  registry: /plugins\/ucp\/main\.mjs/,
  engine: /resource-docker-/,
  Vault: /resource-vault-/,
  vCenter: /resource-vsphere-/,
}

const isVictim = (victim: Victim, { name, commandLine }: Descendant, call: ChangingCall): boolean => {
  if (victim === 'plugin') return pluginOf[call.part].test(commandLine)
  return victim === 'all' || (victim === 'engine' && name === 'pulumi')
}

/** Kills part of a running `tenantry`; how many processes that were. */
const kill = async (pid: number, victim: Victim, call: ChangingCall): Promise<number> => {
  const below = victim === 'tenantry' ? [] : await descendantsOf(pid)
  const chosen = below.filter((one) => isVictim(victim, one, call)).map((one) => one.pid)
  const pids = victim === 'tenantry' || victim === 'all' ? [pid, ...chosen] : chosen
  for (const one of pids) killNow(one)
  return pids.length
}

/** Calls are repeated now and then, so that one run has a few more than another. */
const fewestCalls = 0.9

/** The run of `tenantry` that dies at a point; undefined where the run had a call or two fewer, and ended. */
const killedRun = async (
  life: Life,
  { step, write, victim, fate }: KillPoint,
): Promise<Ended | undefined> => {
  let running: ReturnType<typeof startTenantry> | undefined
  let killed: Promise<number> | undefined
  let count = 0
  life.disturbance.direct((call) => {
    count += 1
    if (count < write || killed !== undefined || running === undefined) return undefined
    killed = kill(running.pid, victim, call)
    return faultOf[fate]
  })
  // An engine that outlives `tenantry` waits for an answer that never comes.
  life.session.environment.TENANTRY_TIMEOUT_SECONDS = String(patienceSeconds)
  running = startTenantry(life, step)
  const ended = await running.ended.finally(() => {
    life.disturbance.rest()
    delete life.session.environment.TENANTRY_TIMEOUT_SECONDS
  })
  if (killed === undefined) {
    expect(count, `write ${write} of ${step} never came: ${ended.output}`).toBeGreaterThan(
      fewestCalls * life.calls[step].length,
    )
    expect(ended.code, ended.output).toBe(0)
    return undefined
  }
  expect(await killed, `nothing was killed at write ${write} of ${step}`).toBeGreaterThan(0)
  expect(ended.code, ended.output).not.toBe(0)
  return ended
}

/** Of so many cases one is followed by a run that must have nothing to do: it costs as much as the case. */
const followedEach = 4

/** So that a failure shows it whole. */
const told = ({ severity, resource, message, hint }: Diagnostic): string =>
  `${severity} ${resource ?? ''}: ${message} ${hint ?? ''}`

/**
 * A run dies, the next one finishes it and leaves what an undisturbed run does. Undefined where the run had ended before and
 * nothing died.
 */
export const killCase = async (life: Life, point: KillPoint): Promise<number | undefined> => {
  const what = `${point.victim} killed at write ${point.write} of ${point.step} (${point.fate})`
  await life.prepare(point.step)
  if ((await killedRun(life, point)) === undefined) return undefined
  const made = await life.identities()
  const again = await life.run(point.step)
  expect(failuresOf([again]), what).toEqual([])
  expect(again.diagnostics.map(told), what).toEqual([])
  if (point.step === 'up') expect(madeTwice(made, await life.identities()), what).toEqual([])
  await life.expectReached(point.step, what, point.write % followedEach === 0)
  return 1
}
