import { describe, expect, it } from 'vitest'
import { catalogue, ruleIds } from '../../src/compliance/catalogue.ts'
import { checkStack } from '../../src/compliance/check.ts'
import type { ComposeModel, Path } from '../../src/compliance/view/compose-model.ts'
import { evasions } from './evasion-cases.ts'
import { ruleCases } from './rule-cases.ts'
import { type Case, checkCase, requestOf, rulesOf } from './stack-case.ts'

const listed = (part: 'fails' | 'passes'): (readonly [rule: string, what: string, one: Case])[] =>
  Object.entries(ruleCases).flatMap(([rule, cases]) =>
    Object.entries(cases[part]).map(([what, one]) => [rule, what, one] as const),
  )

describe('the catalogue', () => {
  it('has each rule that exceptions may name once', () => {
    expect(catalogue.map(({ id }) => id)).toEqual([...ruleIds].sort())
  })

  it('finds nothing in a stack in which nothing is wrong', () => {
    const { open, services, rules } = checkCase({})
    expect(open.map(({ finding }) => `${finding.rule}: ${finding.message}`)).toEqual([])
    expect(services).toBe(1)
    expect(rules).toBe(catalogue.length)
  })

  it('has of each rule what fails and what passes', () => {
    const found = (part: 'fails' | 'passes') => listed(part).map(([rule]) => rule)
    const evaded = Object.values(evasions).map(({ finds }) => finds)
    const without = (cases: readonly string[]) => ruleIds.filter((id) => !cases.includes(id))
    expect(without([...found('fails'), ...evaded])).toEqual([])
    expect(without(found('passes'))).toEqual([])
  })

  it.each(listed('fails'))('%s is found: %s', (rule, _, one) => {
    const { open } = checkCase(one)
    const found = open.find(({ finding }) => finding.rule === rule)
    expect(open.map(({ finding }) => finding.rule)).toContain(rule)
    expect(found?.finding.source).toMatchObject({ file: 'stack.yml' })
    expect(found?.finding.message).toMatch(/[.:]/)
    expect(JSON.stringify(open)).not.toMatch(/hunter2|abcdef123456/)
  })

  it.each(listed('passes'))('%s is not found: %s', (rule, _, one) => {
    expect(rulesOf(checkCase(one))).not.toContain(rule)
  })

  it('leaves rules out that nobody asked for, and says so', () => {
    const result = checkCase({ images: 'none', scans: 'none', running: 'unknown', asked: ['files'] })
    expect(rulesOf(result)).toEqual([])
    expect(result.left).toEqual(['images', 'scans', 'running'])
  })
})

describe('a limit behind a profile', () => {
  /** The good stack as if an override had given the limits and the profile of its service. */
  const overridden = (profiles: 'dev.yml' | 'ops.yml'): ComposeModel => {
    const { model } = requestOf({
      stack: (_, service) => Object.assign(service, { profiles: ['production'] }),
    })
    const fileOf = (path: Path): string => {
      if (path.includes('limits')) return 'ops.yml'
      return path.includes('profiles') ? profiles : 'dev.yml'
    }
    return {
      files: ['dev.yml', 'ops.yml'],
      value: model.value,
      locate: (path) => ({ ...model.locate(path), file: fileOf(path) }),
      locateKey: (path) => ({ ...model.locateKey(path), file: fileOf(path) }),
    }
  }
  const found = (model: ComposeModel) =>
    checkStack({ ...requestOf({}), model }).open.filter(
      ({ finding }) => finding.rule === 'limits/behind-a-profile',
    )

  it('is found where one override gives both, at the limit', () => {
    expect(found(overridden('ops.yml')).map(({ finding }) => finding.source.file)).toEqual([
      'ops.yml',
      'ops.yml',
    ])
  })

  it('is not found where the service had its profile before', () => {
    expect(found(overridden('dev.yml'))).toEqual([])
  })
})
