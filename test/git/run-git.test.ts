import { afterEach, describe, expect, it, vi } from 'vitest'
import { gitText, runGit } from '../../src/git/run-git.ts'
import { temporaryFolder, temporaryRepository } from './temporary-repository.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('runGit', () => {
  it('throws what git said, with the call and the folder', async () => {
    const { folder } = temporaryRepository()
    await expect(runGit({ folder, arguments: ['cat-file', '-t', 'nothing'] })).rejects.toMatchObject({
      code: 'unavailable',
      message: 'git cat-file failed: fatal: Not a valid object name nothing.',
      details: { call: 'git cat-file -t nothing', hint: `Run it in ${folder} to see what is wrong.` },
    })
  })

  it('gives an expected failure back', async () => {
    const { folder } = temporaryRepository()
    const { exitCode, errors } = await runGit({ folder, arguments: ['cat-file', '-t', 'x'], expected: [128] })
    expect([exitCode, errors]).toEqual([128, 'fatal: Not a valid object name x'])
  })

  it('speaks English whatever the machine speaks', async () => {
    vi.stubEnv('LANG', 'de_DE.UTF-8')
    vi.stubEnv('LC_ALL', 'de_DE.UTF-8')
    const { folder } = temporaryRepository()
    await expect(runGit({ folder, arguments: ['log', 'nothing'] })).rejects.toThrow('unknown revision')
  })

  it('has no key for plans', async () => {
    vi.stubEnv('TENANTRY_PLAN_KEY', 'a-key')
    vi.stubEnv('TENANTRY_OTHER', 'else')
    const { folder } = temporaryRepository()
    const told = await gitText({ folder, arguments: ['-c', 'alias.told=!env', 'told'] })
    expect(told).toContain('TENANTRY_OTHER=else')
    expect(told).not.toContain('TENANTRY_PLAN_KEY')
  })

  it('says that there is no git', async () => {
    vi.stubEnv('PATH', temporaryFolder())
    await expect(gitText({ folder: process.cwd(), arguments: ['version'] })).rejects.toMatchObject({
      code: 'missing-tool',
    })
  })

  it('survives a git that does not read its input', async () => {
    const { folder } = temporaryRepository()
    const input = 'x'.repeat(4 * 1024 * 1024)
    expect(await gitText({ folder, arguments: ['version'], input })).toMatch(/^git version/)
  })

  it('shows an object as it is, not as a replacement has it', async () => {
    const repository = temporaryRepository({ a: 'true' })
    repository.commit({ b: 'false' })
    const [a, b] = [repository.git('rev-parse', 'HEAD:a'), repository.git('rev-parse', 'HEAD:b')]
    repository.git('replace', a, b)
    expect(await gitText({ folder: repository.folder, arguments: ['cat-file', 'blob', a] })).toBe('true')
  })
})
