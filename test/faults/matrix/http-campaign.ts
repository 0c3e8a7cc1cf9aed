import { expect } from 'vitest'
import type { Diagnostic, StackResult } from '../../../src/engine/stack-result.ts'
import { failuresOf } from '../../integration/lab-session.ts'
import type { ChangingCall } from './changing-calls.ts'
import { type FaultKind, patienceSeconds } from './fault-kinds.ts'
import { type Life, madeTwice, type StepName } from './life.ts'

/** What a campaign at one step came to. */
export interface Campaign {
  /** The kinds of call that met a fault: the cases. */
  readonly met: readonly { readonly kind: string; readonly fault: string }[]
  /** Cases after which a resource failed, so that the next run had to finish it. */
  readonly failed: number
}

/** More runs than the longest chain of resources that stand on each other. */
const mostRuns = 25

/** Where a failure happened: a server’s address and a call of it. */
const place =
  /https?:\/\/127\.0\.0\.1:\d+.*(?:POST|PUT|PATCH|DELETE|GET|LIST) \/|127\.0\.0\.1:\d+.*\b[A-Z]\w+(?:_Task)?\b/s

/** What is said of a resource that stands on one that failed. */
const isEcho = ({ message }: Diagnostic): boolean => message.startsWith('was not tried: ')

/** Expects that whoever is on call learns the tenant, the resource, the server, the call and what to do. */
const expectTold = (result: StackResult, hints: readonly RegExp[], what: string): void => {
  const told = result.diagnostics.filter((one) => one.severity === 'error' && !isEcho(one))
  expect(told.length, `${what}: nothing was said`).toBeGreaterThan(0)
  for (const { message, hint = '', resource } of told) {
    const said = `${what}: ${resource}: ${message} ${hint}`
    expect.soft(resource, said).toBeTruthy()
    expect.soft(`${message} ${hint}`, said).toMatch(place)
    expect
      .soft(
        hints.some((one) => one.test(`${message} ${hint}`)),
        said,
      )
      .toBe(true)
    expect.soft(message, said).not.toMatch(/Bug in the plugin|maybe corrupt/)
  }
}

const failedResources = ({ resources, diagnostics }: StackResult): number =>
  new Set([
    ...resources.filter(({ failed }) => failed).map(({ name }) => name),
    ...diagnostics.flatMap((one) => (one.severity === 'error' ? (one.resource ?? []) : [])),
  ]).size

/**
 * Lets the first call of each kind at one step meet a fault, run after run until none is met any more; that last run is
 * undisturbed. Expects of every failure that it is told in full, and of the end what an undisturbed run leaves.
 */
export const campaign = async (
  life: Life,
  step: StepName,
  faultOf: (call: ChangingCall) => FaultKind,
): Promise<Campaign> => {
  const { session, disturbance } = life
  const met = new Map<string, string>()
  let failed = 0
  let made: ReadonlyMap<string, string> = new Map()
  await life.prepare(step)
  for (let count = 1; ; count++) {
    const now: FaultKind[] = []
    disturbance.direct((call) => {
      if (met.has(call.kind)) return undefined
      const chosen = faultOf(call)
      met.set(call.kind, chosen.name)
      now.push(chosen)
      return chosen.fault
    })
    session.environment.TENANTRY_TIMEOUT_SECONDS = String(patienceSeconds)
    const before = met.size
    const result = await life.run(step).finally(() => {
      disturbance.rest()
      delete session.environment.TENANTRY_TIMEOUT_SECONDS
    })
    const standing = await life.identities()
    const cases = [...met].slice(before).map(([kind, fault]) => `${kind} (${fault})`)
    const what = `run ${count} of ${life.stack} ${step}, disturbed at ${cases.join(', ') || 'nothing'}`
    if (step === 'up') expect(madeTwice(made, standing), what).toEqual([])
    made = standing
    if (cases.length === 0) {
      expect(failuresOf([result]), what).toEqual([])
      expect(result.diagnostics, what).toEqual([])
      break
    }
    if (result.outcome !== 'succeeded')
      expectTold(
        result,
        now.map(({ hint }) => hint),
        what,
      )
    failed += Math.min(cases.length, failedResources(result))
    expect(count, `${what}: it does not end`).toBeLessThan(mostRuns)
  }
  await life.expectReached(step, `${step} after faults at ${[...met].map(([kind]) => kind).join(', ')}`)
  const expected = new Set(life.calls[step])
  expect([...expected].filter((kind) => !met.has(kind))).toEqual([])
  return { met: [...met].map(([kind, fault]) => ({ kind, fault })), failed }
}
