import { rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { listTree, readObjects } from '../../src/git/read-tree.ts'
import { opened, temporaryRepository } from './temporary-repository.ts'

const mebibyte = 1024 * 1024

describe('listTree', () => {
  it('lists files, links and submodules below some paths', async () => {
    const repository = temporaryRepository({
      'tenants/a.ts': 'a',
      'tenants/deep/b.ts': 'b',
      'other/c': 'c',
      d: 'd',
    })
    symlinkSync('../d', join(repository.folder, 'tenants/link.ts'))
    repository.git('add', '--all')
    repository.git('update-index', '--chmod=+x', 'd')
    repository.git('update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},tenants/module`)
    repository.git('commit', '--quiet', '--message', 'Links')
    const entries = await listTree(await opened(repository.folder), 'HEAD', ['tenants', 'd', 'nowhere'])
    expect(entries.map(({ path, kind, executable }) => [path, kind, executable])).toEqual([
      ['d', 'file', true],
      ['tenants/a.ts', 'file', false],
      ['tenants/deep/b.ts', 'file', false],
      ['tenants/link.ts', 'link', false],
      ['tenants/module', 'submodule', false],
    ])
  })

  it('has paths relative to the folder that was opened', async () => {
    const repository = temporaryRepository({ 'platform/tenants/a.ts': 'a', 'tenants/b.ts': 'b' })
    const platform = await opened(join(repository.folder, 'platform'))
    const paths = async (names: readonly string[]) =>
      (await listTree(platform, 'HEAD', names)).map(({ path }) => path)
    expect(await paths(['tenants'])).toEqual(['tenants/a.ts'])
    expect(await paths([])).toEqual(['tenants/a.ts'])
  })

  it('keeps names that look like options, patterns or commands', async () => {
    const names = [
      'tenants/--help.ts',
      'tenants/$(id).ts',
      'tenants/a b\n.ts',
      'tenants/*.ts',
      'tenants/é.ts',
    ]
    const repository = temporaryRepository(Object.fromEntries(names.map((name) => [name, name])))
    const entries = await listTree(await opened(repository.folder), 'HEAD', ['tenants'])
    expect(entries.map(({ path }) => path).sort()).toEqual([...names].sort())
    const [star] = await listTree(await opened(repository.folder), 'HEAD', ['tenants/*.ts'])
    expect(star?.path).toBe('tenants/*.ts')
  })

  it('leaves out a path that would lead elsewhere', async () => {
    const repository = temporaryRepository({ a: 'a' })
    const blob = repository.git('rev-parse', 'HEAD:a')
    const inner = repository.pipe(`100644 blob ${blob}\tx.ts\n`, 'mktree')
    const tree = repository.pipe(`040000 tree ${inner}\t..\n100644 blob ${blob}\ta\n`, 'mktree')
    const entries = await listTree(await opened(repository.folder), tree, [])
    expect(entries.map(({ path }) => path)).toEqual(['a'])
  })
})

describe('readObjects', () => {
  const objectsOf = async (folder: string) => {
    const repository = await opened(folder)
    const entries = await listTree(repository, 'HEAD', [])
    return { repository, objects: entries.map(({ object }) => object), entries }
  }

  it('gives every byte back, whatever the content looks like', async () => {
    const content = fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
      fc.stringMatching(/^[0-9a-f]{40} blob \d\n?$/).map((text) => Buffer.from(text)),
      fc.constantFrom('', '\n', '\n\n', '\r\n', '\0').map((text) => Buffer.from(text)),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(content, { minLength: 1, maxLength: 8 }), async (contents) => {
        const files = Object.fromEntries(contents.map((bytes, index) => [`f${index}`, bytes]))
        const { repository, objects, entries } = await objectsOf(temporaryRepository(files).folder)
        const read = await readObjects(repository, objects)
        for (const { path, object } of entries) expect(read.get(object)).toEqual(files[path])
      }),
      { numRuns: 12 },
    )
  })

  it('applies no filter of the attributes', async () => {
    const repository = temporaryRepository({
      '.gitattributes': '*.ts text eol=crlf ident',
      'a.ts': '$Id$\nb\n',
    })
    const { repository: git, entries } = await objectsOf(repository.folder)
    const object = entries.find(({ path }) => path === 'a.ts')?.object ?? ''
    expect((await readObjects(git, [object])).get(object)?.toString()).toBe('$Id$\nb\n')
  })

  it('does not read what is too large', async () => {
    const files = { small: 'x', large: Buffer.alloc(3 * mebibyte) }
    const { repository, entries } = await objectsOf(temporaryRepository(files).folder)
    const objects = new Map(entries.map(({ path, object }) => [path, object]))
    const read = await readObjects(repository, [...objects.values()], mebibyte)
    expect([...read.keys()]).toEqual([objects.get('small')])
    expect(await readObjects(repository, [objects.get('large') ?? ''], mebibyte)).toEqual(new Map())
    expect((await readObjects(repository, [objects.get('large') ?? ''])).size).toBe(1)
  })

  it('tells of an object that is missing', async () => {
    const temporary = temporaryRepository({ a: 'content' })
    const { repository, objects } = await objectsOf(temporary.folder)
    const [object = ''] = objects
    rmSync(join(temporary.folder, '.git/objects', object.slice(0, 2), object.slice(2)))
    await expect(readObjects(repository, objects)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(`${object} missing`),
    })
  })

  it('reads nothing without a call', async () => {
    const { repository } = await objectsOf(temporaryRepository({ a: 'a' }).folder)
    expect(await readObjects({ ...repository, top: '/nowhere' }, [])).toEqual(new Map())
  })
})
