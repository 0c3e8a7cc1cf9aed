import { expect, test } from 'vitest'
import { type EarlyPreview, earlyPreviews } from '../../src/cli/early-previews.ts'
import { compileTenant } from '../../src/compile/compile.ts'
import type { StackResult } from '../../src/engine/stack-result.ts'
import { acme, bolt, nonprod, soundFleet } from '../load/fleet-of.ts'

/** Without `prod`, of which there is no cluster. */
const applications = { shop: { environments: ['dev'] } }

const statesOf = (...tenants: Parameters<typeof soundFleet>[0]) => {
  const fleet = soundFleet(
    tenants.map((tenant) => ({ ...(tenant as object), applications })),
    [nonprod],
  )
  const [cluster] = fleet.clusters
  return fleet.tenants.flatMap(({ value }) =>
    cluster === undefined ? [] : [compileTenant(value, cluster.value)],
  )
}

const resultOf = (stack: string, outcome: StackResult['outcome']): StackResult => ({
  stack,
  operation: 'preview',
  outcome,
  counts: { same: 0, create: 0, update: 0, replace: 0, delete: 0 },
  resources: [],
  diagnostics: [],
  plugins: [],
  seconds: 1,
})

/** A preview that lasts until it is ended. */
const endless = (state: EarlyPreview['state']): EarlyPreview => {
  const cancel = new AbortController()
  const { signal } = cancel
  const result = new Promise<StackResult>((done) => {
    signal.addEventListener('abort', () => done(resultOf(state.stack, 'cancelled')))
  })
  return { state, result, cancel }
}

test('a preview is taken by exactly its own state, and once', async () => {
  const [state] = statesOf(acme)
  const [same] = statesOf(acme)
  const [another] = statesOf({ ...acme, displayName: 'Another' })
  const [elsewhere] = statesOf(bolt)
  if (!state || !same || !another || !elsewhere) throw new Error('no state')
  const early = earlyPreviews([
    { ...endless(state), result: Promise.resolve(resultOf(state.stack, 'succeeded')) },
  ])
  expect(early.take(another)).toEqual({})
  expect(early.take(elsewhere)).toEqual({})
  const { begun } = early.take(same)
  expect(await begun?.(undefined)).toMatchObject({ outcome: 'succeeded' })
  expect(early.take(same)).toEqual({})
})

test('what nobody took is ended, and what was taken goes on', async () => {
  const [a, b] = statesOf(acme, bolt).map(endless)
  if (a === undefined || b === undefined) throw new Error('no state')
  const early = earlyPreviews([a, b])
  early.take(a.state)
  await early.end()
  expect([a.cancel.signal.aborted, b.cancel.signal.aborted]).toEqual([false, true])
})

test('a preview that was taken ends with its run, also where that had ended before', async () => {
  for (const isBefore of [false, true]) {
    const [one] = statesOf(acme).map(endless)
    if (one === undefined) throw new Error('no state')
    const run = new AbortController()
    if (isBefore) run.abort()
    const result = earlyPreviews([one]).take(one.state).begun?.(run.signal)
    run.abort()
    expect(await result).toMatchObject({ outcome: 'cancelled' })
  }
})

test('one that fails does so where it is taken, and keeps nothing from ending', async () => {
  const [a, b] = statesOf(acme, bolt).map((state) => {
    const result = Promise.reject<StackResult>(new Error('no back end'))
    result.catch(() => undefined)
    return { ...endless(state), result }
  })
  if (a === undefined || b === undefined) throw new Error('no state')
  const early = earlyPreviews([a, b])
  await expect(early.take(a.state).begun?.(undefined)).rejects.toThrow('no back end')
  await early.end()
})
