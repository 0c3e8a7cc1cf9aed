import { describe, expect, test } from 'vitest'
import { accessLines, changeLines } from '../../src/cli/change-report.ts'
import { fakeTerminal } from './fake-terminal.ts'
import { resource, result } from './stack-results.ts'

const { color } = fakeTerminal()

describe('changeLines', () => {
  test('tells concern by concern in the order of a tenant file, deletions first', () => {
    const lines = changeLines(
      color,
      result([
        resource('Volumes', 'volume/data', 'delete'),
        resource('Access', 'team/new', 'create'),
        resource('Access', 'team/old', 'delete'),
        resource('Access', 'team/kept', 'same'),
        resource('Networks', 'network/backend', 'replace', {
          properties: [{ path: 'ipamConfigs[0].subnet', change: 'update' }],
        }),
      ]),
    )
    expect(lines).toEqual([
      '  access',
      '    - delete   team/old',
      '    + create   team/new',
      '  networks',
      '    ± replace  network/backend [ipamConfigs[0].subnet]',
      '  volumes',
      '    - delete   volume/data',
    ])
  })

  test('says what was done where it was done', () => {
    expect(changeLines(color, result([resource('Ci', 'x', 'delete')], { operation: 'up' }))).toContain(
      '    - deleted  x',
    )
  })

  test('gathers many new things of a kind, but never what goes', () => {
    const many = (change: 'create' | 'delete') =>
      [1, 2, 3, 4, 5].map((number) => resource('Access', `grant/${number}`, change))
    expect(changeLines(color, result(many('create')))).toEqual([
      '  access',
      '    + create   5 × grant: 1, 2, 3 and 2 more',
    ])
    expect(changeLines(color, result(many('delete')))).toHaveLength(6)
  })

  test('names what failed even where many others were made', () => {
    const four = [1, 2, 3, 4].map((number) =>
      resource('Access', `grant/${number}`, 'create', { failed: number === 3 }),
    )
    expect(changeLines(color, result(four))).toContain('    + create   grant/3  FAILED')
  })

  test('is empty where nothing changes, and knows resources outside of every concern', () => {
    expect(changeLines(color, result([resource('Access', 'team/a', 'same')]))).toEqual([])
    const alone = resource('Access', 'odd', 'create', { urn: 'urn:pulumi:s::p::x:index:Y::odd' })
    expect(changeLines(color, result([alone]))[0]).toBe('  other')
  })

  test('cuts a long list of properties', () => {
    const properties = Array.from({ length: 9 }, (_, index) => ({
      path: `p${index}`,
      change: 'add' as const,
    }))
    expect(changeLines(color, result([resource('Ci', 'x', 'update', { properties })]))[1]).toContain(
      '[p0, p1, p2, p3, p4, p5 and 3 more]',
    )
  })
})

describe('accessLines', () => {
  test('says nothing where nothing changes for anybody', () => {
    expect(accessLines(fakeTerminal(), [])).toEqual([])
  })

  test('marks what reaches the host by a word, and by colour where there is colour', () => {
    const sentence = { text: 'acme/ops gain Service Create [Host Bind Mounts] on /Run', dangerous: true }
    expect(accessLines(fakeTerminal(), [sentence])[1]).toBe(`    DANGEROUS: ${sentence.text}`)
    expect(accessLines(fakeTerminal({ color: true }), [sentence])[1]).toContain('\u001b[31m')
  })

  test('wraps on a terminal and keeps one line a sentence where piped', () => {
    const sentence = {
      text: `acme/ops gain ${'Service View, '.repeat(20)}Node View on /Run`,
      dangerous: false,
    }
    const wrapped = accessLines(fakeTerminal({ width: 80 }), [sentence])
    expect(Math.max(...wrapped.map((line) => line.length))).toBeLessThanOrEqual(80)
    expect(wrapped.slice(1).join(' ').replace(/\s+/g, ' ').trim()).toBe(sentence.text)
    expect(accessLines(fakeTerminal(), [sentence])).toHaveLength(2)
  })
})
