import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import type { MergeInput } from '../../src/cli/compose/merge-files.ts'
import { parseYaml } from '../../src/compose/read-yaml.ts'
import { childAt, entriesOf, nodeAt, textOf } from '../../src/compose/yaml-node.ts'
import { renderIssues } from '../../src/load/render-issues.ts'
import { corpus, mergeSample, sampleParties } from './corpus.ts'

const update = process.env.UPDATE_GOLDEN === '1'

let parties: Pick<MergeInput, 'tenant' | 'cluster'>

beforeAll(async () => {
  parties = await sampleParties()
})

/** The stack as it is reviewed: with what the merge told below it. */
const golden = (stack: (typeof corpus)[number]): string => {
  const merged = mergeSample(stack, parties)
  if (!merged.ok) throw new Error(renderIssues(merged.issues, new Map(), { color: false }))
  return merged.value.text
}

const told = (stack: (typeof corpus)[number]): string => {
  const merged = mergeSample(stack, parties)
  return merged.ok ? `${renderIssues(merged.value.warnings, new Map(), { color: false })}\n` : ''
}

const compared = (file: string, text: string): void => {
  if (update) writeFileSync(file, text)
  expect(text).toBe(readFileSync(file, 'utf8'))
}

it('holds twenty stacks or more', () => {
  expect(corpus.length).toBeGreaterThanOrEqual(20)
})

describe.each(corpus.map((stack) => [stack.name, stack] as const))('%s', (_, stack) => {
  it('merges into the stack that was reviewed', () => {
    compared(join(stack.folder, 'stack.yml'), golden(stack))
  })

  it('tells what was reviewed', () => {
    compared(join(stack.folder, 'told.txt'), told(stack))
  })

  it('has an access label on each service and on whatever the stack makes', () => {
    const parsed = parseYaml('stack.yml', golden(stack))
    const [root] = parsed.ok ? parsed.value.documents : []
    const made = ['networks', 'volumes', 'secrets', 'configs'].flatMap((kind) =>
      entriesOf(childAt(root, kind)).filter(({ node }) => childAt(node, 'external') === undefined),
    )
    const services = entriesOf(childAt(root, 'services'))
    const labels = [
      ...services.map(({ node }) => nodeAt(node, ['deploy', 'labels', 'com.docker.ucp.access.label'])),
      ...made.map(({ node }) => nodeAt(node, ['labels', 'com.docker.ucp.access.label'])),
    ]
    expect(services.length).toBeGreaterThan(0)
    expect(labels.map(textOf)).toEqual(labels.map(() => expect.stringMatching(/^\//)))
  })
})
