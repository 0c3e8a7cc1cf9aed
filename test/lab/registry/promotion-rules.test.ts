import { describe, expect, it } from 'vitest'
import {
  type Candidate,
  expandTemplate,
  ruleHolds,
  ruleProblem,
} from '../../../src/lab/registry/promotion-rules.ts'

const candidate: Candidate = {
  tag: 'v1.2-rc',
  critical: 1,
  major: 2,
  minor: 3,
  licenses: ['mit'],
  components: ['libfoo:1.2'],
}

describe('promotion rules', () => {
  it.each([
    ['tag', 'eq', ['v1.2-rc'], true],
    ['tag', 'eq', ['v1.2'], false],
    ['tag', 'sw', ['v'], true],
    ['tag', 'ew', ['-rc'], true],
    ['tag', 'c', ['1.2'], true],
    ['tag', 'oo', ['x', 'v1.2-rc'], true],
    ['tag', 'noo', ['v1.2-rc'], false],
    ['vulnerability_all', 'eq', ['6'], true],
    ['vulnerability_critical', 'lte', ['0'], false],
    ['vulnerability_critical', 'lt', ['2'], true],
    ['vulnerability_major', 'gte', ['2'], true],
    ['vulnerability_major', 'gt', ['2'], false],
    ['vulnerability_minor', 'neq', ['3'], false],
    ['license.name', 'oo', ['gpl', 'mit'], true],
    ['license.name', 'noo', ['gpl'], true],
    ['component.name', 'oo', ['libfoo:1.2'], true],
    ['package.name', 'noo', ['libfoo:1.2'], false],
  ])('%s %s %j holds: %s', (field, operator, values, holds) => {
    const rule = { field, operator, values }
    expect(ruleProblem(rule)).toBeUndefined()
    expect(ruleHolds(rule, candidate)).toBe(holds)
  })

  it.each([
    ['mood', 'eq', ['x'], /Unknown field/],
    ['tag', 'lte', ['x'], /takes eq, sw/],
    ['vulnerability_all', 'oo', ['1'], /takes gte/],
    ['vulnerability_all', 'eq', ['-1'], /needs a number/],
    ['license.name', 'oo', [], /needs a value/],
  ])('refuses %s %s %j', (field, operator, values, reason) => {
    expect(ruleProblem({ field, operator, values })).toMatch(reason)
  })

  it.each([
    ['%n', 'v1'],
    ['%n-%Y%m%d', 'v1-20260907'],
    ['%y-%b-%B-%j', '26-Sep-September-250'],
    ['%A-%a-%w', 'Monday-Mon-1'],
    ['%H%M%S-%I%p-%f', '150405-03PM-006000'],
    ['%W-%Z-%q', '36-UTC-%q'],
  ])('expands %s', (template, tag) => {
    expect(expandTemplate(template, 'v1', new Date('2026-09-07T15:04:05.006Z'))).toBe(tag)
  })
})
