import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { changeReport } from '../../../src/plan/report/change-report.ts'
import { beyondFiles, type EngineResource } from '../../../src/plan/report/engine-run.ts'
import { failuresOf } from '../../../src/plan/report/failures.ts'
import { listed, own, plainText, say } from '../../../src/plan/report/phrase.ts'
import { visible } from '../../../src/plan/report/visible.ts'
import { scenarios } from './scenarios.ts'

const reportOf = (name: string) => {
  const input = scenarios[name]
  if (input === undefined) throw new Error(`no scenario ${name}`)
  return { ...changeReport(input), input }
}

/** Changes of our own books are in the list of every resource alone. */
const bookkeeping = 4

describe('a report', { timeout: 120_000 }, () => {
  it.each(Object.keys(scenarios))('tells every change of %s once', (name) => {
    const { destructive, groups, input } = reportOf(name)
    const counted =
      destructive.reduce((sum, { value, places }) => sum + value.count * places.length, 0) +
      groups.reduce(
        (sum, { value, places }) => sum + value.reduce((all, { count }) => all + count, 0) * places.length,
        0,
      )
    const changes = input.change.stacks.reduce((sum, { changes: all }) => sum + all.length, 0)
    expect(counted).toBeLessThanOrEqual(changes)
    expect(counted).toBeGreaterThanOrEqual(changes - bookkeeping)
  })

  it('puts what loses data before what stops, and production first', () => {
    const [first, second] = reportOf('tenant-gone').destructive
    expect([first?.places[0]?.cluster, second?.places[0]?.cluster]).toEqual(['prod', 'nonprod'])
    expect(reportOf('application-gone').attention.map(({ about }) => about)).toEqual([
      'data',
      'outage',
      'outage',
      'outage',
    ])
  })

  it('names what is deleted and made anew nowhere else', () => {
    for (const name of Object.keys(scenarios)) {
      const kinds = reportOf(name).groups.flatMap(({ value }) => value.map(({ change }) => change))
      expect(kinds.filter((kind) => kind === 'delete' || kind === 'replace')).toEqual([])
    }
  })

  it('tells forty organizations that change alike as one', () => {
    const { groups } = reportOf('many-alike')
    expect(groups).toHaveLength(1)
    expect(groups[0]?.places).toHaveLength(80)
  })

  it('does not depend on the order in which it is made', () => {
    const { input } = reportOf('team-other-role')
    const turned = {
      ...input,
      change: {
        ...input.change,
        before: [...input.change.before].reverse(),
        after: [...input.change.after].reverse(),
      },
    }
    expect(changeReport(turned)).toEqual(changeReport(input))
  })
})

const resource = (name: string, change: EngineResource['change']): EngineResource => ({
  name,
  change,
  type: 'x',
  failed: false,
})

describe('what the engine says', () => {
  const { input } = reportOf('network-new')
  const run = (resources: readonly EngineResource[]) => ({
    stack: 'nonprod.acme',
    outcome: 'succeeded' as const,
    resources,
    diagnostics: [],
  })

  it('is beyond the files where they do not change the thing', () => {
    const found = beyondFiles(input.change, [
      run([
        resource('network/reports', 'create'),
        resource('team/viewers', 'update'),
        resource('organization', 'same'),
      ]),
    ])
    expect(found).toEqual([
      { stack: 'nonprod.acme', change: 'update', name: 'team/viewers', why: 'unexplained' },
    ])
  })

  it('is beyond the files where it makes anew what they change', () => {
    const { input: moved } = reportOf('quota-and-owner')
    const { input: edited } = reportOf('ci-limits')
    expect(beyondFiles(edited.change, [run([resource('service/ci/jenkins', 'replace')])])).toMatchObject([
      { why: 'replaces' },
    ])
    expect(beyondFiles(moved.change, [run([])])).toEqual([])
  })

  it('is told once for stacks that fail for one reason', () => {
    const failed = (stack: string, message: string) => ({
      ...run([]),
      stack,
      outcome: 'failed' as const,
      diagnostics: [{ severity: 'error' as const, message }],
    })
    const found = failuresOf([
      failed('b', 'no route'),
      failed('a', 'no route'),
      failed('c', 'refused'),
      run([]),
    ])
    expect(found.map(({ stacks }) => stacks)).toEqual([['a', 'b'], ['c']])
  })
})

describe('a phrase', () => {
  it('keeps names apart from words', () => {
    expect(say`network ${'a'} of ${say`team ${'b'}`}, ${3}`).toEqual({
      phrase: ['network ', { name: 'a' }, ' of ', 'team ', { name: 'b' }, ', ', '3'],
    })
  })

  it('lists as people do', () => {
    const all = ['a', 'b', 'c', 'd'].map(own)
    expect([0, 1, 2, 3].map((count) => plainText(listed(all.slice(0, count))))).toEqual([
      '',
      'a',
      'a and b',
      'a, b and c',
    ])
    expect(plainText(listed(all, 2))).toBe('a, b and 2 more')
  })
})

describe('a name from outside', { timeout: 120_000 }, () => {
  it('is one line of at most 160 signs that all can be seen', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat({ max: 40 }), (text, times) => {
        const shown = visible(text.repeat(times))
        expect([...shown].length).toBeLessThanOrEqual(160)
        expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
      }),
    )
  })

  it('is itself where nothing hides', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9/_. -]{0,100}$/), (text) => {
        expect(visible(text)).toBe(text)
      }),
    )
    expect(visible('Zürich & Söhne')).toBe('Zürich & Söhne')
  })
})
