import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  appliedAsIs,
  appliedFolder,
  forgetApplied,
  isApplied,
  readApplied,
  recordApplied,
  unsettleApplied,
} from '../../src/cli/applied.ts'
import { accessOnly } from '../deploy/every-kind.ts'

let root: string
let folder: string
const { stack } = accessOnly
const file = (): string => join(folder, `${stack}.json`)

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tenantry-applied-'))
  folder = appliedFolder({ PULUMI_BACKEND_URL: `file://${root}` }) ?? ''
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

describe('what was applied last', () => {
  test('is remembered, whole, until a stack changes', async () => {
    expect(appliedAsIs(folder, accessOnly)).toBeUndefined()
    await recordApplied(folder, accessOnly)
    expect(appliedAsIs(folder, accessOnly)).toMatchObject({ stack })
    expect(readApplied(folder, stack)?.state).toEqual(accessOnly)
    expect(isApplied(folder, accessOnly)).toBe(true)
    await forgetApplied(folder, stack)
    expect(appliedAsIs(folder, accessOnly)).toBeUndefined()
  })

  test('is known but does not count while a run is under way, or after one that died', async () => {
    await recordApplied(folder, accessOnly)
    await unsettleApplied(folder, stack)
    expect(appliedAsIs(folder, accessOnly)).toBeUndefined()
    expect(isApplied(folder, accessOnly)).toBe(false)
    expect(readApplied(folder, stack)?.state).toEqual(accessOnly)
    await unsettleApplied(folder, 'nonprod.nobody')
    expect(readApplied(folder, 'nonprod.nobody')).toBeUndefined()
  })

  test('is no longer so after any change of the desired state', async () => {
    await recordApplied(folder, accessOnly)
    const fewer = { ...accessOnly, resources: accessOnly.resources.slice(1) }
    expect(appliedAsIs(folder, fewer)).toBeUndefined()
    expect(isApplied(folder, fewer)).toBe(false)
  })

  test('is unknown where another program applied it, which may make something else of it', async () => {
    await recordApplied(folder, accessOnly)
    const text = readFileSync(file(), 'utf8')
    writeFileSync(file(), text.replace(/"digest":"[0-9a-f]{8}/, '"digest":"00000000'))
    expect(appliedAsIs(folder, accessOnly)).toBeUndefined()
    expect(isApplied(folder, accessOnly)).toBe(true)
  })

  test.each(['', '{', 'null\nnull\n', '{"stack":"nonprod.acme"}', '[]\n[]'])(
    'is unknown where its record is %j',
    async (text) => {
      await recordApplied(folder, accessOnly)
      writeFileSync(file(), text)
      expect(appliedAsIs(folder, accessOnly)).toBeUndefined()
      expect(readApplied(folder, stack)).toBeUndefined()
      expect(isApplied(folder, accessOnly)).toBe(false)
    },
  )

  test('is kept beside file back ends alone', () => {
    expect(appliedFolder({ PULUMI_BACKEND_URL: 's3://bucket' })).toBeUndefined()
    expect(appliedFolder({})).toBeUndefined()
  })
})
