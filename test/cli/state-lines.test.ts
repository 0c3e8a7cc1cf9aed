import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { endLine, issueLine, readStateLines, stateLine } from '../../src/cli/state-lines.ts'
import type { StackState } from '../../src/model/desired-state.ts'

const stateOf = (stack: string, text: string): StackState => ({
  stack,
  cluster: 'nonprod',
  organization: null,
  resources: [
    { kind: 'Organization', key: 'k', concern: 'access', dependsOn: [], name: 'n', fullName: text },
  ],
})

const issue = { code: 'a/b', message: 'A\tsentence.\nAnother.' }

const linesOf = (states: readonly StackState[]): readonly string[] => [
  ...states.map(stateLine),
  issueLine(issue),
  endLine(states.length, 1),
]

describe('readStateLines', () => {
  it('reads what was told, whatever the texts hold', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (texts) => {
        const states = texts.map((text, index) => stateOf(`nonprod.o${index}`, text))
        const lines = linesOf(states)
        expect(lines.every((line) => !line.includes('\n'))).toBe(true)
        expect(readStateLines(lines, [])).toEqual({ states, issues: [issue] })
      }),
    )
  })

  it('gives a known state back where it is told the same, and only there', () => {
    const known = [stateOf('nonprod.a', '1'), stateOf('nonprod.b', '1')]
    const told = [stateOf('nonprod.a', '1'), stateOf('nonprod.b', '2'), stateOf('nonprod.c', '1')]
    const { states } = readStateLines(linesOf(told), known)
    expect(states).toEqual(told)
    expect(states[0]).toBe(known[0])
    expect(states[1]).not.toBe(known[1])
  })

  it.each([
    ['an output without its end', [stateLine(stateOf('nonprod.a', '1'))]],
    ['an output that lost a line', linesOf([stateOf('nonprod.a', '1'), stateOf('nonprod.b', '1')]).slice(1)],
    ['a cut line', [stateLine(stateOf('nonprod.a', '1')).slice(0, -5), endLine(1, 0)]],
    ['the state of another stack', ['state\tnonprod.b\t{"stack":"nonprod.a"}', endLine(1, 0)]],
    ['no state', ['state\tnonprod.a\tnull', endLine(1, 0)]],
    ['another form', ['{"stacks": []}', endLine(0, 0)]],
    ['nothing', []],
  ])('refuses %s', (_, lines) => {
    expect(() => readStateLines(lines, [])).toThrow()
  })
})
