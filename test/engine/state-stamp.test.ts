import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type StateStamp, stateStamp } from '../../src/engine/state-stamp.ts'
import { checkpoint, put } from './state-files.ts'

let folder: string
let project: string
const stack = 'nonprod.acme'
const states = () => join(folder, '.pulumi', 'stacks', 'tenantry')
const state = () => join(states(), `${stack}.json`)
const history = () => join(folder, '.pulumi', 'history', 'tenantry', stack)

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-stamp-'))
  project = join(folder, 'checkout')
  await mkdir(project)
  await writeFile(join(project, 'Pulumi.yaml'), 'name: tenantry\nruntime: nodejs\n')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const stamp = (): Promise<StateStamp> =>
  stateStamp({ stack, project, engine: '/nowhere', environment: { PULUMI_BACKEND_URL: `file://${folder}` } })

const ran = (time: number): Promise<void> => put(join(history(), `${stack}-${time}.history.json`), '{}')

type Checkpoint = { checkpoint: { latest: { resources: Record<string, unknown>[] } } }

const changed = (text: string, change: (resources: Record<string, unknown>[]) => void): string => {
  const parsed = JSON.parse(text) as Checkpoint
  change(parsed.checkpoint.latest.resources)
  return JSON.stringify(parsed)
}

const text = checkpoint(3, '2026-11-22T18:06:58Z')

describe('stateStamp', () => {
  test('of a stack without a state is that of an empty one, which no run has written', async () => {
    const none = await stamp()
    await put(state(), checkpoint(0, '2026-11-22T18:06:58Z'))
    expect(none).toEqual(await stamp())
    expect(none.serial).toBe(0)
  })

  test('counts the runs that wrote it, with their attributes beside them', async () => {
    await put(state(), text)
    await ran(1)
    await ran(2)
    expect((await stamp()).serial).toBe(2)
  })

  test('is the same for a state that was written again with nothing changed in it', async () => {
    await put(state(), text)
    const before = await stamp()
    const touched = changed(checkpoint(3, '2027-01-01T00:00:00Z'), (resources) => {
      for (const resource of resources)
        Object.assign(resource, {
          modified: '2027-01-01T00:00:00Z',
          sourcePosition: 'project:///elsewhere/program.mjs#1,1',
          stackTrace: [{}],
          outputs: { members: 4 },
          propertyDependencies: { name: [] },
        })
      resources.reverse()
    })
    await put(state(), touched)
    expect((await stamp()).digest).toBe(before.digest)
  })

  test('is the same for another order of what a resource stands on, and another where that is another', async () => {
    const on = async (...dependencies: readonly string[]): Promise<string> => {
      await put(
        state(),
        changed(text, ([first]) => Object.assign(first ?? {}, { dependencies })),
      )
      return (await stamp()).digest
    }
    expect(await on('a', 'b')).toBe(await on('b', 'a'))
    expect(await on('a', 'b')).not.toBe(await on('a'))
  })

  test('is the same where a secret was encrypted anew, and another where it is none any more', async () => {
    const secret = (ciphertext: string) => ({
      '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270',
      ciphertext,
    })
    const withPassword = async (password: unknown): Promise<string> => {
      await put(
        state(),
        changed(text, ([first]) => Object.assign(first ?? {}, { inputs: { password } })),
      )
      return (await stamp()).digest
    }
    const before = await withPassword(secret('v1:one'))
    expect(await withPassword(secret('v1:two'))).toBe(before)
    expect(await withPassword('plain')).not.toBe(before)
  })

  test.each([
    [
      'a resource has another id',
      (resources: Record<string, unknown>[]) => Object.assign(resources[1] ?? {}, { id: 'x' }),
    ],
    ['a resource is gone', (resources: Record<string, unknown>[]) => resources.pop()],
    [
      'an input is another',
      (resources: Record<string, unknown>[]) =>
        Object.assign(resources[0] ?? {}, { inputs: { name: 'other' } }),
    ],
  ])('is another where %s', async (_, change) => {
    await put(state(), text)
    const before = await stamp()
    await put(state(), changed(text, change))
    expect((await stamp()).digest).not.toBe(before.digest)
  })

  test('is another where a run left something pending', async () => {
    await put(state(), text)
    const before = await stamp()
    await put(state(), text.replace('"metadata":{}', '"pending_operations":[{"type":"creating"}]'))
    expect((await stamp()).digest).not.toBe(before.digest)
  })

  test('reads a packed state, and one that a run has in its own folder', async () => {
    await put(state(), text)
    const plain = await stamp()
    const run = join(folder, '.tenantry', 'runs', stack, '7', `${stack}.json`)
    await put(run, text)
    await rm(state())
    await symlink(run, state())
    expect(await stamp()).toEqual(plain)
    await rm(state())
    await put(`${state()}.gz`, gzipSync(text))
    expect(await stamp()).toEqual(plain)
  })
})
