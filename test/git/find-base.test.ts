import { describe, expect, it } from 'vitest'
import { type BaseRule, findBase, headCommit } from '../../src/git/find-base.ts'
import {
  cloneOf,
  opened,
  repositoryAt,
  type TemporaryRepository,
  temporaryFolder,
  temporaryRepository,
} from './temporary-repository.ts'

const find = async (repository: TemporaryRepository, ref: string, rule: BaseRule = 'merge-base') =>
  findBase(await opened(repository.folder), ref, rule)

/** The one issue of a refusal. */
const issueOf = async (repository: TemporaryRepository, ref: string, rule?: BaseRule) => {
  const found = await find(repository, ref, rule)
  if (found.ok) throw new Error(`found ${found.value.commit}`)
  const [issue] = found.issues
  if (issue === undefined || found.issues.length > 1) throw new Error('not one issue')
  return issue
}

/** main: 1 - 2 - 3; change leaves it at 2 and adds one of its own, on which the work tree stands. */
const branched = () => {
  const repository = temporaryRepository({ a: '1' })
  const left = repository.commit({ a: '2' })
  repository.git('switch', '--quiet', '--create', 'change')
  const head = repository.commit({ b: '1' })
  repository.git('switch', '--quiet', 'main')
  const main = repository.commit({ a: '3' })
  repository.git('switch', '--quiet', 'change')
  return { repository, left, head, main }
}

describe('findBase', () => {
  it('takes an ancestor itself, named in any way', async () => {
    const repository = temporaryRepository({ a: '1' })
    const first = repository.git('rev-parse', 'HEAD')
    repository.git('tag', 'v1')
    repository.git('tag', '--annotate', '--message', 'Two', 'v1-signed')
    const head = repository.commit({ a: '2' })
    for (const ref of ['v1', 'v1-signed', 'HEAD~1', 'main^', first, first.slice(0, 10), 'main@{1}'])
      for (const rule of ['merge-base', 'ancestor'] as const)
        expect(await find(repository, ref, rule), ref).toEqual({
          ok: true,
          value: { ref, commit: first, head, notes: [] },
        })
  })

  it('compares with where the work tree left a branch that has moved on, and says so', async () => {
    const { repository, left, head } = branched()
    expect(await find(repository, 'main')).toEqual({
      ok: true,
      value: {
        ref: 'main',
        commit: left,
        head,
        notes: [
          `main has 1 commit that HEAD has not; compared with ${left.slice(0, 12)}, where HEAD left it.`,
        ],
      },
    })
  })

  it('refuses a REF that is no ancestor where everything since it must count', async () => {
    const { repository } = branched()
    expect(await issueOf(repository, 'main', 'ancestor')).toEqual({
      code: 'git/not-ancestor',
      message: 'main is not in the history of HEAD: what it holds besides would be missed.',
      hint: 'Bring it in (git merge main), name an ancestor, or take --all, which compares with what was applied.',
    })
  })

  it('refuses a REF of before a forced push where everything since it must count', async () => {
    const repository = temporaryRepository({ a: '1' })
    const before = repository.commit({ a: '2' })
    repository.git('reset', '--quiet', '--hard', 'HEAD~1')
    repository.commit({ a: '3' })
    expect((await issueOf(repository, before, 'ancestor')).code).toBe('git/not-ancestor')
  })

  it('takes the base of a merge commit that a forge made of a pull request', async () => {
    const { repository, main } = branched()
    repository.git('switch', '--quiet', '--detach', 'main')
    repository.git('merge', '--quiet', '--no-ff', '--message', 'Merge', 'change')
    expect(await find(repository, 'main')).toMatchObject({ ok: true, value: { commit: main, notes: [] } })
  })

  it('tells that branches were merged crosswise', async () => {
    const { repository } = branched()
    const [main, change] = [repository.git('rev-parse', 'main'), repository.git('rev-parse', 'change')]
    repository.git('merge', '--quiet', '--no-ff', '--message', 'One', main)
    repository.git('switch', '--quiet', 'main')
    repository.git('merge', '--quiet', '--no-ff', '--message', 'Other', change)
    const found = await find(repository, 'change')
    expect(found.ok && found.value.notes).toContain(
      "HEAD and change have 2 best common ancestors; git's first choice is taken.",
    )
  })

  it.each([
    '-x',
    '--upload-pack=touch /tmp/owned',
    '--all',
    '-',
    '',
    'main\nHEAD',
    'main\u0000',
    'main\u202E',
    'x'.repeat(2000),
  ])('refuses %j before git sees it', async (ref) => {
    const issue = await issueOf(temporaryRepository(), ref)
    expect(issue.code).toBe('git/not-a-ref')
    expect(issue.message.length).toBeLessThan(700)
  })

  it.each([
    'origin/nothing',
    'nothing',
    'HEAD~99',
    'HEAD:a',
    '$(touch owned)',
    '; rm -rf .',
    'a..b',
    'v1^{tree}',
    '0123456789abcdef0123456789abcdef01234567',
  ])('refuses %j, which names no commit', async (ref) => {
    const repository = temporaryRepository({ a: '1' })
    const issue = await issueOf(repository, ref)
    expect(issue).toMatchObject({ code: 'git/unknown-ref', message: `There is no commit '${ref}' here.` })
    expect(issue.hint).toMatch(/git fetch/)
  })

  it('names the remote to fetch from', async () => {
    expect((await issueOf(temporaryRepository(), 'origin/feature/x')).hint).toContain('git fetch origin.')
  })

  it('tells what the zero commit of a new branch means', async () => {
    const issue = await issueOf(temporaryRepository(), '0'.repeat(40))
    expect(issue.message).toContain('a branch that was not there before')
  })

  it('refuses a work tree without a commit', async () => {
    const repository = repositoryAt(temporaryFolder())
    repository.git('init', '--quiet')
    expect((await issueOf(repository, 'main')).code).toBe('git/no-commit')
  })

  it('refuses histories that have nothing in common', async () => {
    const repository = temporaryRepository({ a: '1' })
    repository.git('switch', '--quiet', '--orphan', 'other')
    repository.commit({ b: '1' })
    expect(await issueOf(repository, 'main')).toMatchObject({
      code: 'git/no-common-history',
      message: 'HEAD and main have no commit in common.',
    })
  })

  it('tells a shallow clone how to become whole: no such commit', async () => {
    const origin = temporaryRepository({ a: '1' })
    const first = origin.git('rev-parse', 'HEAD')
    origin.commit({ a: '2' })
    const issue = await issueOf(cloneOf(origin, '--depth', '1'), first)
    expect(issue.code).toBe('git/shallow')
    expect(issue.hint).toMatch(/--unshallow.*fetch-depth: 0.*GIT_DEPTH/)
  })

  it('tells a shallow clone how to become whole: no common commit', async () => {
    const { repository } = branched()
    const clone = cloneOf(repository, '--depth', '1', '--no-single-branch', '--branch', 'change')
    expect((await issueOf(clone, 'origin/main')).code).toBe('git/shallow')
    expect((await issueOf(clone, 'origin/main', 'ancestor')).code).toBe('git/shallow')
  })

  it('refuses a merge that is under way, by the names of the files', async () => {
    const { repository } = branched()
    repository.commit({ a: 'other', 'odd \u00e9\nname': 'x' })
    expect(() => repository.git('merge', 'main')).toThrow()
    expect(await issueOf(repository, 'HEAD')).toEqual({
      code: 'git/unmerged',
      message: 'A merge is under way: a has conflicts.',
      hint: 'Resolve them and git add the files, or git merge --abort.',
    })
  })
})

describe('headCommit', () => {
  it('is the commit that the work tree stands on', async () => {
    const repository = temporaryRepository()
    expect(await headCommit(await opened(repository.folder))).toBe(repository.git('rev-parse', 'HEAD'))
  })

  it('is undefined before the first', async () => {
    const repository = repositoryAt(temporaryFolder())
    repository.git('init', '--quiet')
    expect(await headCommit(await opened(repository.folder))).toBeUndefined()
  })
})
