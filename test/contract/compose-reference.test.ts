import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadModel } from '../../src/compose/load-model.ts'
import { parseYaml } from '../../src/compose/read-yaml.ts'
import { plainOf } from '../../src/compose/yaml-node.ts'
import { mergeCases } from '../compose/merge-cases.ts'
import {
  askReference,
  comparable,
  hasReference,
  type Plain,
  type ReferenceAnswer,
} from './compose-comparable.ts'

const folder = mkdtempSync(join(tmpdir(), 'compose-'))
const isThere = hasReference('merge rules against the reference parser')
let answers: readonly ReferenceAnswer[] = []

beforeAll(() => {
  if (!isThere) return
  const cases = mergeCases.map(({ base, over }, index) => {
    const files = [base, over].map((text, side) => {
      const path = join(folder, `${index}-${side}.yml`)
      writeFileSync(path, text)
      return path
    })
    return { directory: folder, files, environment: { A: 'value' } }
  })
  answers = askReference(cases)
})

afterAll(() => rmSync(folder, { recursive: true }))

const ours = (index: number): Plain => {
  const paths = [`${index}-0.yml`, `${index}-1.yml`]
  const files = {
    yaml: (path: string) => parseYaml(path, readFileSync(join(folder, path), 'utf8')),
    text: () => undefined,
  }
  const loaded = loadModel(paths, files, (name) => (name === 'A' ? 'value' : undefined))
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.issues))
  return JSON.parse(JSON.stringify(plainOf(loaded.value.model))) as Plain
}

test.skipIf(!isThere).each(mergeCases.map(({ rule }, index) => [rule, index] as const))(
  '%s, as the reference does',
  (_, index) => {
    const { model, error } = answers[index] ?? {}
    expect(error).toBeUndefined()
    expect(comparable(ours(index), folder)).toEqual(comparable(model ?? null, folder))
  },
)
