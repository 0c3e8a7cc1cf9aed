import { describe, expect, test } from 'vitest'
import { printChanges, printReport, stackLine, stackTable } from '../../src/cli/run-report.ts'
import { fakeTerminal } from './fake-terminal.ts'
import { resource, result } from './stack-results.ts'

const failed = (stack: string, message: string) =>
  result([], {
    stack,
    outcome: 'failed',
    diagnostics: [{ severity: 'error', message, hint: 'Check that it is up.' }],
  })

describe('stackLine', () => {
  test('counts what would change', () => {
    const line = stackLine(
      fakeTerminal(),
      result([resource('Ci', 'a', 'create'), resource('Ci', 'b', 'delete')]),
    )
    expect(line).toBe('ok nonprod.acme: 1 to create, 1 to delete (1.3 s)')
  })

  test('does not call a failed preview unchanged', () => {
    expect(stackLine(fakeTerminal(), failed('prod.acme', 'no'))).toBe('failed prod.acme: no preview (1.3 s)')
  })
})

describe('printChanges', () => {
  test('leaves unchanged stacks out and counts what stays', () => {
    const terminal = fakeTerminal()
    const changed = result([resource('Ci', 'a', 'update'), resource('Ci', 'b', 'same')])
    printChanges(terminal, { results: [result([]), changed], skipped: [], seconds: 1 })
    expect(terminal.out[0]).toBe('nonprod.acme: 1 to update; 1 unchanged')
    expect(terminal.out).toHaveLength(4)
  })

  test('shows a change of access alone', () => {
    const terminal = fakeTerminal()
    const access = { 'nonprod.acme': [{ text: 'a gain b on /c', dangerous: false }] }
    printChanges(terminal, { results: [result([])], skipped: [], seconds: 1, access })
    expect(terminal.out).toContain('    a gain b on /c')
  })
})

describe('printReport', () => {
  test('tells one reason once, whichever stacks it stopped', () => {
    const terminal = fakeTerminal()
    const results = ['a', 'b', 'c', 'd', 'e'].map((name) =>
      failed(`prod.${name}`, 'ucp.example does not answer'),
    )
    printReport(terminal, { results, skipped: [{ stack: 'x', appliedAt: '' }], seconds: 61 })
    expect(terminal.out).toEqual([
      '5 stacks run, 0 with changes; 1 stack as applied before, not run; 5 failed (1 min 1 s).',
      '',
      'prod.a, prod.b, prod.c and 2 more stacks failed:',
      '  error ucp.example does not answer',
      '    Check that it is up.',
    ])
  })

  test('tells a cancelled stack from a failed one', () => {
    const terminal = fakeTerminal()
    printReport(terminal, { results: [result([], { outcome: 'cancelled' })], skipped: [], seconds: 1 })
    expect(terminal.out[0]).toContain('1 cancelled')
    expect(terminal.out.join('\n')).toContain('the next run finishes it')
  })

  test('names stacks that no file asks for, and the way out', () => {
    const terminal = fakeTerminal()
    const stray = [{ stack: 'prod.gone', cluster: 'prod', organization: 'gone' }]
    printReport(terminal, { results: [], skipped: [], seconds: 1, stray })
    expect(terminal.out[1]).toBe(
      'No file asks for prod.gone, left as it is; to take away: `tenantry destroy gone --cluster prod`.',
    )
  })

  test('writes no escape codes without colour', () => {
    const terminal = fakeTerminal()
    printReport(terminal, { results: [failed('a', 'b')], skipped: [], seconds: 1 })
    expect(terminal.out.join('\n')).not.toContain('\u001b')
  })
})

describe('stackTable', () => {
  test('fits into 80 columns with the longest name of the samples', () => {
    const table = stackTable([
      result([resource('Access', 'a', 'create'), resource('Volumes', 'v', 'create', { failed: true })], {
        stack: 'nonprod.investment-banking',
        seconds: 54,
      }),
    ])
    const [head = '', row = ''] = table.split('\n')
    expect(Math.max(head.length, row.length)).toBeLessThanOrEqual(80)
    expect(head.trim().split(/\s+/)).toEqual([
      'access',
      'repos',
      'nets',
      'vols',
      'secrets',
      'ci',
      'nodes',
      'all',
      'time',
    ])
    expect(row).toMatch(/^investment-banking\s+1 .*\s1\s+54.0 s$/)
  })
})
