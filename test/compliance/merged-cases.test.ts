import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { checkStack } from '../../src/compliance/check.ts'
import { modelOfNode } from '../../src/compliance/view/model-of-node.ts'
import { loadModel } from '../../src/compose/load-model.ts'
import { parseYaml } from '../../src/compose/read-yaml.ts'
import { ruleCases } from './rule-cases.ts'
import { type Case, requestOf } from './stack-case.ts'

/** The findings' rules of a case that went the way of the command: merged, in long forms; the issues' codes where that refuses it. */
const asMerged = (one: Case): readonly string[] => {
  const request = requestOf(one)
  const files = {
    yaml: (path: string) => parseYaml(path, stringify(request.model.value, { aliasDuplicateObjects: false })),
    text: () => undefined,
  }
  const loaded = loadModel(['stack.yml'], files, () => 'value')
  if (!loaded.ok) return loaded.issues.map(({ code }) => code)
  const { open } = checkStack({ ...request, model: modelOfNode(loaded.value.model, ['stack.yml']) })
  return open.map(({ finding }) => finding.rule)
}

const listed = (part: 'fails' | 'passes'): (readonly [rule: string, what: string, one: Case])[] =>
  Object.entries(ruleCases)
    .filter(([rule]) => rule !== 'input/unresolved-variable')
    .flatMap(([rule, cases]) => Object.entries(cases[part]).map(([what, one]) => [rule, what, one] as const))

describe('in long forms, as the command checks them', () => {
  it('is the good stack without a finding', () => {
    expect(asMerged({})).toEqual([])
  })

  it.each(listed('fails'))('%s is found, or the file refused: %s', (rule, _, one) => {
    expect(asMerged(one).filter((what) => what === rule || what.startsWith('compose/'))).not.toEqual([])
  })

  it.each(listed('passes'))('%s is not found: %s', (rule, _, one) => {
    expect(asMerged(one)).not.toContain(rule)
  })
})
