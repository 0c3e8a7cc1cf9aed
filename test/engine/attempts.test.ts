import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  doubtfulOf,
  forgetAttempts,
  recordAttempt,
  recordDoubtful,
  withAttempts,
} from '../../src/engine/attempts.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-attempts-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const place = () => ({ folder, stack: 'nonprod.acme' })
const urnOf = (key: string): string => `urn:pulumi:nonprod.acme::tenantry::ucp:index:Team::${key}`

const desired = (...keys: string[]) => ({
  stack: 'nonprod.acme',
  resources: keys.map((key) => ({ key, kind: 'Team', dependsOn: [], name: `n-${key}` })),
})

const attempt = async (wanted: object): Promise<void> => {
  const file = join(folder, 'desired.json')
  await writeFile(file, JSON.stringify(wanted))
  await recordAttempt(place(), file)
}

test('the latest run that wanted a resource says what it wanted, whole', async () => {
  await attempt(desired('team/a', 'team/b'))
  await attempt(desired('team/b', 'team/c'))
  const seen = await withAttempts(
    place(),
    ['team/a', 'team/b', 'team/z'].map(urnOf),
    async ({ urns, desired: file }) => ({ urns, wanted: JSON.parse(await readFile(file, 'utf8')) }),
  )
  expect(seen).toEqual([
    { urns: [urnOf('team/b')], wanted: desired('team/b', 'team/c') },
    { urns: [urnOf('team/a')], wanted: desired('team/a', 'team/b') },
  ])
  expect((await readdir(join(folder, '.tenantry', 'attempted', 'nonprod.acme'))).length).toBe(2)
})

test('creates that failed stay doubtful until everything is settled', async () => {
  await attempt(desired('team/a'))
  await recordDoubtful(place(), [urnOf('team/a')])
  await attempt(desired('team/b'))
  await recordDoubtful(place(), [])
  await attempt(desired('team/a'))
  expect(await doubtfulOf(place())).toEqual([urnOf('team/a')])
  await forgetAttempts(place())
  expect(await doubtfulOf(place())).toEqual([])
})
