import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { appliedAsIs, isApplied, readApplied, recordApplied } from '../../src/cli/applied.ts'
import type { StackState } from '../../src/model/desired-state.ts'

const state: StackState = {
  stack: 'nonprod.acme',
  cluster: 'nonprod',
  organization: 'acme',
  resources: [
    {
      kind: 'Organization',
      key: 'organization',
      concern: 'access',
      dependsOn: [],
      name: 'acme',
      fullName: 'Acme',
    },
  ],
}

describe('an applied record that is not what it should be', () => {
  let folder: string
  const file = () => join(folder, `${state.stack}.json`)
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tenantry-applied-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  test('what another version of Tenantry applied is run again, but is known', async () => {
    await recordApplied(folder, state)
    const text = await readFile(file(), 'utf8')
    await writeFile(file(), text.replace(/"digest":"[^"]*"/, '"digest":"of another program"'))
    expect(appliedAsIs(folder, state)).toBeUndefined()
    expect(isApplied(folder, state)).toBe(true)
  })

  test.each(['', '{', 'null\nnull\n', '[]\n[]\n', '{"stack":"nonprod.acme"}\n{}\n', '\u0000\u0001'])(
    'a record that is no record counts as none: %j',
    async (text) => {
      await writeFile(file(), text)
      expect(appliedAsIs(folder, state)).toBeUndefined()
      expect(readApplied(folder, state.stack)).toBeUndefined()
      expect(isApplied(folder, state)).toBe(false)
    },
  )

  test('a record cut off within its state is none to compare with', async () => {
    await recordApplied(folder, state)
    const text = await readFile(file(), 'utf8')
    await writeFile(file(), text.slice(0, -20))
    expect(readApplied(folder, state.stack)).toBeUndefined()
    expect(isApplied(folder, state)).toBe(false)
  })
})
