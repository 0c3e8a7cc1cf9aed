import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { changedPaths } from '../../src/git/changed-paths.ts'
import { opened, temporaryRepository } from './temporary-repository.ts'

describe('changedPaths', () => {
  it('tells what is changed, gone, renamed and new below some paths, committed or not', async () => {
    const repository = temporaryRepository({
      '.gitignore': '*.log\n',
      'src/same': '1',
      'src/changed': '1',
      'src/gone': '1',
      'src/old': 'a long enough text that git would take for a rename',
      'other/changed': '1',
    })
    const base = repository.git('rev-parse', 'HEAD')
    repository.commit({ 'src/changed': '2', 'src/gone': null })
    repository.git('mv', 'src/old', 'src/new')
    repository.write({ 'src/added': '', 'src/ignored.log': '', 'other/changed': '2', 'src/odd é\n': '' })
    expect(await changedPaths(await opened(repository.folder), base, ['src'])).toEqual([
      'src/added',
      'src/changed',
      'src/gone',
      'src/new',
      'src/odd é\n',
      'src/old',
    ])
  })

  it('tells nothing of a work tree that is as committed, also where only times differ', async () => {
    const repository = temporaryRepository({ 'src/a': '1' })
    repository.write({ 'src/a': '1' })
    expect(await changedPaths(await opened(repository.folder), 'HEAD', ['src', 'nowhere'])).toEqual([])
  })

  it('has paths relative to the folder that was opened', async () => {
    const repository = temporaryRepository({ 'platform/src/a': '1', 'src/a': '1' })
    repository.write({ 'platform/src/a': '2', 'src/a': '2', 'platform/src/b': '' })
    const platform = await opened(join(repository.folder, 'platform'))
    expect(await changedPaths(platform, 'HEAD', ['src'])).toEqual(['src/a', 'src/b'])
  })

  it('takes no lock, so that two may look at once', async () => {
    const repository = temporaryRepository({ 'src/a': '1' })
    repository.write({ '.git/index.lock': '', 'src/a': '2' })
    expect(await changedPaths(await opened(repository.folder), 'HEAD', ['src'])).toEqual(['src/a'])
  })
})
