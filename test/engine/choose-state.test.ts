import { describe, expect, test } from 'vitest'
import { chooseState, type StateCopies } from '../../src/engine/choose-state.ts'
import { judgeCopy, type StateCopy } from '../../src/engine/state-copy.ts'
import { attributesFor, checkpoint } from './state-files.ts'

const now = checkpoint(6, '2026-03-02T10:00:00Z')
const before = checkpoint(5, '2026-03-02T09:59:59Z')
const lastWeek = checkpoint(3, '2026-02-23T10:00:00Z')

const copy = (text: string | Buffer, promised: string | undefined, path = 'nonprod.acme.json'): StateCopy =>
  judgeCopy(path, Buffer.from(text), promised === undefined ? undefined : attributesFor(promised))

const copies = (change: Partial<StateCopies>): StateCopies => ({
  state: undefined,
  unplaced: [],
  backup: copy(before, before, 'nonprod.acme.json.bak'),
  past: [copy(lastWeek, lastWeek, 'nonprod.acme-1.checkpoint.json')],
  resourcesBefore: 6,
  ...change,
})

const isBackup = (choice: ReturnType<typeof chooseState>): boolean =>
  choice.kind === 'restore' && choice.copy.path.endsWith('.bak')

describe('a state that was cut', () => {
  const bytes = Buffer.from(now)

  test.each([
    ['with its digest beside it', now],
    ['without a digest', undefined],
  ])('at any byte, %s, is put back from the one before', (_, promised) => {
    for (let end = 0; end < bytes.length; end++) {
      const state = copy(bytes.subarray(0, end), promised)
      expect(isBackup(chooseState(copies({ state }))), `cut after ${end} bytes`).toBe(true)
      const alone = copies({ state, backup: undefined, past: [] })
      expect(chooseState(alone).kind, `cut after ${end} bytes, nothing else left`).toBe('refuse')
    }
  })
})

describe('a state with a bit flipped', () => {
  test('anywhere is noticed by its digest', () => {
    for (let at = 0; at < now.length; at++) {
      const bytes = Buffer.from(now)
      bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8))
      expect(isBackup(chooseState(copies({ state: copy(bytes, now) }))), `byte ${at}`).toBe(true)
    }
  })

  test('is put back from the past where the backup is damaged too', () => {
    const damaged = copy(before.replace('team-1', 'team-9'), before)
    const choice = chooseState(copies({ state: copy('', now), backup: damaged }))
    expect(choice.kind === 'restore' && choice.copy.resources).toBe(3)
  })
})

describe('a whole state', () => {
  test.each([
    ['with its digest', now],
    ['without one', undefined],
  ])('%s is kept', (_, promised) => {
    expect(chooseState(copies({ state: copy(now, promised) }))).toEqual({ kind: 'keep' })
  })

  test('is the next one where the engine died before it put that in its place', () => {
    const next = checkpoint(7, '2026-03-02T10:00:01Z')
    const unplaced = copy(next, undefined, 'nonprod.acme.json.18e3a4b5c6d7e8f9.tmp')
    const choice = chooseState(copies({ state: copy(now, next), unplaced: [unplaced] }))
    expect(choice.kind === 'finish' && choice.copy.resources).toBe(7)
  })

  test('is kept where the engine died after it promised the next, whose copy is gone', () => {
    const next = checkpoint(7, '2026-03-02T10:00:01Z')
    const choice = chooseState(copies({ state: copy(now, next), backup: copy(now, now) }))
    expect(choice.kind === 'finish' && choice.copy.resources).toBe(6)
  })
})

describe('a state that is missing', () => {
  test('is put back from the newest that is left', () => {
    expect(isBackup(chooseState(copies({})))).toBe(true)
    const choice = chooseState(copies({ backup: undefined }))
    expect(choice.kind === 'restore' && choice.copy.resources).toBe(3)
  })

  test('is refused where the stack held something and nothing is left', () => {
    expect(chooseState(copies({ backup: undefined, past: [] }))).toEqual({ kind: 'refuse' })
  })

  test.each([
    ['never was', { backup: undefined, past: [], resourcesBefore: undefined }],
    ['was removed when it held nothing', { backup: undefined, past: [], resourcesBefore: 0 }],
    [
      'was removed by `pulumi stack rm`, which leaves an empty backup',
      { backup: copy(checkpoint(0, '2026-03-02T11:00:00Z'), undefined), past: [], resourcesBefore: 6 },
    ],
  ])('is new where it %s', (_, change) => {
    expect(chooseState(copies(change))).toEqual({ kind: 'new' })
  })
})
