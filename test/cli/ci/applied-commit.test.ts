import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { olderThanApplied, rememberApplied } from '../../../src/cli/ci/applied-commit.ts'
import { git } from '../../contract/git-command.ts'

let folder: string
let work: string
let environment: NodeJS.ProcessEnv
let first: string
let second: string

const commit = async (message: string): Promise<string> => {
  await git(work, 'commit', '-q', '--allow-empty', '-m', message)
  return git(work, 'rev-parse', 'HEAD')
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-older-'))
  work = join(folder, 'work')
  environment = { PULUMI_BACKEND_URL: `file://${join(folder, 'state')}` }
  await mkdir(work)
  await git(work, 'init', '-q', '-b', 'main')
  first = await commit('first')
  second = await commit('second')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

test('a job of an older commit than the one applied is told so; that of the same, a newer or a reverting one is not', async () => {
  expect(await olderThanApplied(work, environment)).toBeUndefined()
  await rememberApplied(work, environment)
  expect(await olderThanApplied(work, environment)).toBeUndefined()
  await git(work, 'checkout', '-q', first)
  expect(await olderThanApplied(work, environment)).toMatchObject({
    code: 'ci/older-commit',
    message: expect.stringContaining(`${first.slice(0, 12)} is older than ${second.slice(0, 12)}`),
  })
  await git(work, 'checkout', '-q', 'main')
  await commit('a revert')
  expect(await olderThanApplied(work, environment)).toBeUndefined()
})

test('an approval that came late does not make the newest forgotten', async () => {
  await rememberApplied(work, environment)
  await git(work, 'checkout', '-q', first)
  await rememberApplied(work, environment)
  expect(await olderThanApplied(work, environment)).toMatchObject({ code: 'ci/older-commit' })
})

test('nothing is told of a branch made anew, outside of a repository, and with a back end that is no folder', async () => {
  await rememberApplied(work, environment)
  await git(work, 'checkout', '-q', '--orphan', 'anew')
  await commit('anew')
  expect(await olderThanApplied(work, environment)).toBeUndefined()
  expect(await olderThanApplied(folder, environment)).toBeUndefined()
  await git(work, 'checkout', '-q', first)
  expect(await olderThanApplied(work, { PULUMI_BACKEND_URL: 's3://bucket' })).toBeUndefined()
})
