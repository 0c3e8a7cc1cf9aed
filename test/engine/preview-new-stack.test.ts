import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { previewStack } from '../../src/engine/run-stack.ts'
import { type FakeEngine, fakeEngine } from '../cli/fake-engine.ts'

let folder: string
let engine: FakeEngine
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-new-'))
  engine = await fakeEngine(folder)
  await writeFile(join(folder, 'Pulumi.yaml'), 'name: tenantry\n')
  await mkdir(join(folder, 'state'))
  await writeFile(join(folder, 'desired.json'), JSON.stringify({ resources: [{ key: 'a', fullName: '1' }] }))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const names = (): Promise<readonly string[]> => readdir(folder, { recursive: true })

test('a stack that nobody made is previewed, and nothing of it is written: not to the state, nor beside the project', async () => {
  const before = [...(await names())].sort()
  const result = await previewStack({
    stack: 'nonprod.acme',
    engine: engine.directory,
    environment: engine.environment,
    project: folder,
    desired: join(folder, 'desired.json'),
  })
  expect(result).toMatchObject({ outcome: 'succeeded', counts: { create: 1, same: 0 }, diagnostics: [] })
  expect([...(await names())].sort()).toEqual(before)
})
