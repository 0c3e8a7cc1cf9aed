import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { EngineEvent, Step, StepMetadata } from '../../src/engine/engine-event.ts'
import { watchForStuck } from '../../src/engine/stuck-engine.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const step = (op: Step, name: string, old: StepMetadata['old'] = null): StepMetadata => ({
  ...{ op, urn: `urn::${name}`, type: 'docker:index/network:Network' },
  ...{ old, new: { custom: true }, detailedDiff: null },
})
const stackItself: StepMetadata = { ...step('same', 'tenantry-nonprod.acme'), new: { custom: false } }
const begins = (metadata: StepMetadata): EngineEvent => ({ resourcePreEvent: { metadata } })
const ends = (metadata: StepMetadata): EngineEvent => ({ resOutputsEvent: { metadata } })
const fails = (metadata: StepMetadata): EngineEvent => ({ resOpFailedEvent: { metadata } })

test('an engine that waits for a replacement is told to end, once nothing is under way', () => {
  const watch = watchForStuck()
  const [gone, other] = [step('delete-replaced', 'outer'), step('create', 'collection')]
  // The stack begins with the program and ends with it.
  for (const event of [begins(stackItself), begins(gone), begins(other), fails(gone)]) watch.saw(event)
  vi.advanceTimersByTime(60_000)
  expect(watch.signal.aborted).toBe(false)
  watch.saw(ends(other))
  expect(watch.signal.aborted).toBe(false)
  vi.advanceTimersByTime(60_000)
  expect(watch.signal.aborted).toBe(true)
})

test('what begins in the meantime is waited for', () => {
  const watch = watchForStuck()
  const [gone, other] = [step('delete-replaced', 'outer'), step('create', 'collection')]
  watch.saw(fails(gone))
  vi.advanceTimersByTime(1_000)
  watch.saw(begins(other))
  vi.advanceTimersByTime(60_000)
  expect(watch.signal.aborted).toBe(false)
  watch.saw(fails(other))
  vi.advanceTimersByTime(60_000)
  expect(watch.signal.aborted).toBe(true)
})

test.each<[string, EngineEvent]>([
  ['a deletion that no replacement follows', fails(step('delete', 'outer'))],
  ['the deletion of what is replaced already', fails(step('delete-replaced', 'outer', { delete: true }))],
  ['an update', fails(step('update', 'outer'))],
  ['a deletion that succeeds', ends(step('delete-replaced', 'outer'))],
])('%s stops no engine', (_, event) => {
  const watch = watchForStuck()
  watch.saw(event)
  vi.advanceTimersByTime(60_000)
  expect(watch.signal.aborted).toBe(false)
})

test('an engine that has ended is told nothing', () => {
  const watch = watchForStuck()
  watch.saw(fails(step('delete-replaced', 'outer')))
  watch.end()
  vi.advanceTimersByTime(60_000)
  expect(watch.signal.aborted).toBe(false)
})

test('a call of which nothing is heard any more is waited for longer than the client repeats it, and no longer', () => {
  const watch = watchForStuck()
  const [gone, other] = [step('delete-replaced', 'outer'), step('create', 'collection')]
  for (const event of [begins(gone), begins(other), fails(gone)]) watch.saw(event)
  vi.advanceTimersByTime(150_000)
  expect(watch.signal.aborted).toBe(false)
  vi.advanceTimersByTime(60_000)
  expect(watch.signal.aborted).toBe(true)
})
