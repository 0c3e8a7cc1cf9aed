import { chownSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { openRepository } from '../../src/git/repository.ts'
import { cloneOf, repositoryAt, temporaryFolder, temporaryRepository } from './temporary-repository.ts'

const codesOf = async (folder: string): Promise<readonly string[]> => {
  const repository = await openRepository(folder)
  return repository.ok ? [] : repository.issues.map(({ code }) => code)
}

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('openRepository', () => {
  it('knows the top of the work tree and the folder below it', async () => {
    const { folder } = temporaryRepository({ 'platform/tenants/a.ts': '' })
    expect(await openRepository(folder)).toEqual({
      ok: true,
      value: { folder, top: folder, prefix: '', shallow: false },
    })
    const below = join(folder, 'platform')
    expect(await openRepository(below)).toEqual({
      ok: true,
      value: { folder: below, top: folder, prefix: 'platform/', shallow: false },
    })
  })

  it('knows a clone that holds a part of the history', async () => {
    const { folder } = cloneOf(temporaryRepository({ a: '1' }), '--depth', '1')
    expect(await openRepository(folder)).toMatchObject({ ok: true, value: { shallow: true } })
  })

  it('knows a further work tree of a repository', async () => {
    const repository = temporaryRepository({ a: '1' })
    const other = join(temporaryFolder(), 'other')
    repository.git('worktree', 'add', '--quiet', '--detach', other)
    expect(await openRepository(other)).toMatchObject({ ok: true, value: { top: other, prefix: '' } })
  })

  it('refuses a folder in no repository, one that is not there, a bare one and the inside of .git', async () => {
    const { folder } = temporaryRepository()
    const bare = temporaryFolder()
    repositoryAt(bare).git('init', '--quiet', '--bare')
    for (const wrong of [temporaryFolder(), join(bare, 'nowhere'), bare, join(folder, '.git')])
      expect(await codesOf(wrong), wrong).toEqual(['git/no-repository'])
  })

  it('says that there is no git', async () => {
    vi.stubEnv('PATH', temporaryFolder())
    expect(await codesOf(process.cwd())).toEqual(['git/missing'])
  })

  it('looks into the folder, whatever repository a hook of another one names', async () => {
    const [repository, other] = [temporaryRepository(), temporaryRepository()]
    vi.stubEnv('GIT_DIR', join(other.folder, '.git'))
    vi.stubEnv('GIT_WORK_TREE', other.folder)
    expect(await openRepository(repository.folder)).toMatchObject({
      ok: true,
      value: { top: repository.folder },
    })
  })

  it.skipIf(process.getuid?.() !== 0)('tells how to trust a work tree of another user', async () => {
    const { folder } = temporaryRepository()
    const home = join(temporaryFolder(), 'home')
    mkdirSync(home)
    vi.stubEnv('HOME', home)
    vi.stubEnv('XDG_CONFIG_HOME', home)
    vi.stubEnv('GIT_CONFIG_NOSYSTEM', '1')
    chownSync(folder, 12_345, 12_345)
    const repository = await openRepository(folder)
    expect(repository).toMatchObject({ ok: false, issues: [{ code: 'git/not-trusted' }] })
    expect(JSON.stringify(repository)).toContain(`safe.directory ${folder}`)
  })
})
