import { expect, test } from 'vitest'
import { readMeasured } from '../../../src/compose/supply/measured.ts'

test('reads what services needed', () => {
  const found = readMeasured(
    'measured.json',
    '{"api": {"cpu": "120m", "memory": "300Mi"}, "db": {"cpu": 2, "memory": "1Gi"}}',
  )
  expect(found.ok && [...found.value]).toEqual([
    ['api', { cpuMillis: 120, memoryBytes: 300 * 1024 ** 2 }],
    ['db', { cpuMillis: 2000, memoryBytes: 1024 ** 3 }],
  ])
  expect(readMeasured('measured.json', '{}')).toEqual({ ok: true, value: new Map() })
})

test.each([
  ['no amount', '{"api": {"cpu": "0", "memory": "1Gi"}}', 'compose/wrong-measure 1:9'],
  ['nothing said', '\n{"api": {"cpu": "1"}}', 'compose/wrong-measure 2:9'],
  ['a list', '[1]', 'compose/wrong-measure 1:1'],
  ['two of one name', '{"a": {}, "a": {}}', 'yaml/'],
])('refuses %s with its place', (_, text, expected) => {
  const found = readMeasured('measured.json', text)
  const [issue] = found.ok ? [] : found.issues
  expect(`${issue?.code} ${issue?.source?.line}:${issue?.source?.column}`).toContain(expected)
})
