import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { listStacks } from '../../src/engine/list-stacks.ts'
import { checkpoint, put } from './state-files.ts'

let folder: string
let project: string
const states = () => join(folder, '.pulumi', 'stacks', 'tenantry')
const time = '2026-11-22T18:06:58Z'

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-list-'))
  project = join(folder, 'checkout')
  await mkdir(project)
  await writeFile(join(project, 'Pulumi.yaml'), 'name: tenantry\n')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const list = (among?: (names: readonly string[]) => readonly string[]): Promise<readonly string[]> =>
  listStacks({
    engine: '/nowhere',
    project,
    environment: { PULUMI_BACKEND_URL: `file://${folder}` },
    ...(among === undefined ? {} : { among }),
  })

describe('listStacks of a folder', () => {
  test('asks no engine, and finds none where nothing was ever applied', async () => {
    expect(await list()).toEqual([])
  })

  test('names the stacks that hold something, sorted, packed and linked ones too', async () => {
    await put(join(states(), 'prod.acme.json'), checkpoint(2, time))
    await put(join(states(), 'nonprod.zebra.json.gz'), gzipSync(checkpoint(1, time)))
    await put(join(states(), 'nonprod.destroyed.json'), checkpoint(0, time))
    await put(join(states(), 'nonprod.destroyed.json.bak'), checkpoint(9, time))
    await put(join(folder, '.tenantry', 'runs', 'nonprod.busy', '3', 'x.json'), checkpoint(4, time))
    await symlink(
      join(folder, '.tenantry', 'runs', 'nonprod.busy', '3', 'x.json'),
      join(states(), 'nonprod.busy.json'),
    )
    expect(await list()).toEqual(['nonprod.busy', 'nonprod.zebra', 'prod.acme'])
  })

  test('takes a damaged state for one that holds something', async () => {
    await put(join(states(), 'nonprod.acme.json'), '{"version":3,')
    expect(await list()).toEqual(['nonprod.acme'])
  })

  test('reads nothing of stacks that nobody asks about', async () => {
    await put(join(states(), 'nonprod.acme.json'), checkpoint(2, time))
    await mkdir(join(states(), 'nonprod.unreadable.json'))
    const asked: string[] = []
    const among = (names: readonly string[]) => {
      asked.push(...names)
      return names.filter((name) => name === 'nonprod.acme')
    }
    expect(await list(among)).toEqual(['nonprod.acme'])
    expect(asked.sort()).toEqual(['nonprod.acme', 'nonprod.unreadable'])
  })
})
