import { describe, expect, it } from 'vitest'
import { compile, compileTenant } from '../../src/compile/compile.ts'
import { renderStackTable, renderTable } from '../../src/plan/render-table.ts'
import { nonprod } from '../compile/fixtures/clusters.ts'
import { acme, minimal } from '../compile/fixtures/tenants.ts'

describe('renderStackTable', () => {
  it('has a line a resource, by concern and kind', () => {
    const lines = renderStackTable(compileTenant(minimal, nonprod)).split('\n')
    expect(lines[0]).toBe('nonprod.tiny: 17 resources')
    expect(lines[2]).toMatch(/^concern {2,}kind {2,}key {2,}what$/)
    expect(lines[3]).toMatch(/^access {2,}Collection {2,}collection\/Run\/Std\/tiny$/)
    expect(lines[4]).toMatch(/^ {20,}collection\/Run\/Std\/tiny\/web$/)
    expect(lines.filter((line) => line !== '')).toHaveLength(17 + 2)
    expect(lines.every((line) => line === line.trimEnd())).toBe(true)
  })

  it('shows no secret and no missing word', () => {
    const text = renderTable(compile([acme, minimal], nonprod))
    expect(text).not.toMatch(/undefined|\[object|password/)
    expect(text).toMatch(/^nonprod\.platform: \d+ resources$/m)
    expect(text).toMatch(/acme-jenkins 2000m CPU, 4096 MiB/)
    expect(text).toMatch(/acme\/payments-api → acme\/payments-api-prod/)
  })
})
