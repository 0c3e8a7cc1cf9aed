import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { annotations, harmlessLine } from '../../src/forge/workflow-commands.ts'

/** How GitHub's runner tells a command from a line: after spaces `::`, or anywhere `##[`. */
const isCommand = (line: string): boolean => line.trimStart().startsWith('::') || line.includes('##[')

const isCommandSomewhere = (text: string): boolean => text.split(/\r\n|\r|\n/).some(isCommand)

describe('a line of a log', () => {
  test.each([
    '::add-mask::nothing',
    '   ::set-env name=PATH::/evil',
    'fine\n::error::not ours',
    'fine\r::error::not ours',
    'see ##[add-path]/evil',
    '\u00a0::notice::x',
  ])('is no command of the runner: %j', (line) => {
    expect(isCommandSomewhere(line)).toBe(true)
    expect(isCommandSomewhere(harmlessLine(line))).toBe(false)
  })

  test('stays as it is where it is none', () => {
    for (const line of ['a::b', 'arn::iam::x', 'nonprod.retail: 1 to create', 'src/a.ts:3:4', '# [x]', ': x'])
      expect(harmlessLine(line)).toBe(line)
  })

  test('is never a command, whatever the text', () => {
    const part = fc.constantFrom('::', ':', '##[', '#', '[', ' ', '\t', '\n', '\r', 'x', '\u00a0', '\u2003')
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        expect(isCommandSomewhere(harmlessLine(parts.join('')))).toBe(false)
      }),
    )
  })
})

describe('annotations', () => {
  test('name the line', () => {
    const source = { file: 'tenants/acme.ts', line: 3, column: 5 }
    expect(
      annotations([
        { code: 'tenant/unknown-field', message: 'No such field.', source, hint: 'Take it out.' },
      ]),
    ).toEqual([
      '::error file=tenants/acme.ts,line=3,col=5,title=tenant/unknown-field::No such field.%0ATake it out.',
    ])
  })

  test('are one line each, whatever a file is called', () => {
    const text = fc.string({ unit: 'binary' })
    fc.assert(
      fc.property(text, text, (file, message) => {
        const [line = '', ...rest] = annotations([
          { code: 'x/y', message, source: { file, line: 1, column: 1 } },
        ])
        expect(rest).toEqual([])
        expect(line).not.toMatch(/[\r\n]/)
        const [, properties = ''] = /^::error ([^:]*)::/.exec(line) ?? []
        expect(properties.split(',').map((one) => one.split('=', 1)[0])).toEqual([
          'file',
          'line',
          'col',
          'title',
        ])
      }),
    )
  })

  test('are warnings where they are asked to be', () => {
    expect(annotations([{ code: 'x/y', message: 'm' }], 'warning')).toEqual(['::warning title=x/y::m'])
  })

  test('are as many as GitHub shows of a step', () => {
    const issues = Array.from({ length: 30 }, (_, at) => ({ code: 'x/y', message: String(at) }))
    expect(annotations(issues)).toHaveLength(10)
  })
})
