import { expect, test } from 'vitest'
import { faultTable, withFaultTable } from '../../scripts/fault-table.ts'

const results = {
  seed: 7,
  minutes: 12,
  rows: [
    {
      ...{ fault: '429', step: 'up', cases: 30, sameState: 30 },
      ...{ retried: '30 within the run, 0 by the next', seconds: 9 },
    },
    { fault: 'killed', step: 'update', cases: 4, sameState: 3, retried: 'by the next run', seconds: 20 },
  ],
}

test('the table adds its cases up and hides none that failed', () => {
  const lines = faultTable(results).split('\n')
  expect(lines[0]).toBe('34 cases, 33 of which ended in the same state, in 12 minutes (TENANTRY_SEED=7).')
  expect(lines.at(-1)).toBe('| killed | update | 4 | 3 | by the next run |')
})

test('the table stands between its marks, whatever stood there', () => {
  const begin = '<!-- The table, made by `npm run test:faults`. -->'
  const end = '<!-- End of the table. -->'
  const readme = withFaultTable(`before\n${begin}\nold\n${end}\nafter`, results)
  expect(readme).toBe(`before\n${begin}\n\n${faultTable(results)}\n\n${end}\nafter`)
  expect(() => withFaultTable('no marks', results)).toThrow('the README has no')
})
