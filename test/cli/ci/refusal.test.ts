import { expect, test } from 'vitest'
import { belowMarker, refusalMarkdown } from '../../../src/cli/ci/refusal.ts'

const issue = (code: string, message: string, hint?: string) => ({
  code,
  message,
  ...(hint === undefined ? {} : { hint }),
})

test('nothing is said where nothing speaks against a change', () => {
  expect(refusalMarkdown([])).toBe('')
})

test('reasons of one kind are told together, with the way out once', () => {
  const many = Array.from({ length: 7 }, (_, at) =>
    issue('valve/data-deleted', `Volume ${at} would go.`, 'Keep it.'),
  )
  expect(
    refusalMarkdown([issue('valve/tenant-gone', '1 of 7 tenants would be gone.', 'Bring it back.'), ...many]),
  ).toBe(
    `## Refused as it stands: 8 reasons

The report below tells what it would do. \`tenantry up\` refuses it before its first call.

\`\`\`text
valve/tenant-gone
  1 of 7 tenants would be gone.
  Way out: Bring it back.
valve/data-deleted
  Volume 0 would go.
  Volume 1 would go.
  Volume 2 would go.
  Volume 3 would go.
  Volume 4 would go.
  … and 2 more
  Way out: Keep it.
\`\`\`

`,
  )
})

test('however many there are, the report has room beside them', () => {
  const many = Array.from({ length: 2000 }, (_, at) => issue(`valve/rule-${at}`, 'x'.repeat(100)))
  expect(Buffer.byteLength(refusalMarkdown(many))).toBeLessThan(9000)
})

test('a block stands right below the marker', () => {
  expect(belowMarker('<!-- m -->\n## Title\n', 'block\n')).toBe('<!-- m -->\nblock\n## Title\n')
})
