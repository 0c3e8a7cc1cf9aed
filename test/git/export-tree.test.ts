import { existsSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { exportEntries, writeEntries } from '../../src/git/export-tree.ts'
import { listTree } from '../../src/git/read-tree.ts'
import { opened, temporaryFolder, temporaryRepository } from './temporary-repository.ts'

const prepared = async () => {
  const temporary = temporaryRepository({
    'bin/run': '#!',
    'src/a.ts': 'a',
    'src/deep/b.ts': Buffer.from([0xff, 0]),
  })
  symlinkSync('/etc/passwd', join(temporary.folder, 'src/link.ts'))
  temporary.git('add', '--all')
  temporary.git('update-index', '--chmod=+x', 'bin/run')
  temporary.git('commit', '--quiet', '--message', 'More')
  const repository = await opened(temporary.folder)
  return { repository, entries: await listTree(repository, 'HEAD', []), parent: temporaryFolder() }
}

describe('writeEntries', () => {
  it('writes files byte by byte, with their mode, and follows no link', async () => {
    const { repository, entries, parent } = await prepared()
    await writeEntries(repository, entries, parent)
    expect(readdirSync(join(parent, 'src')).sort()).toEqual(['a.ts', 'deep'])
    expect(readFileSync(join(parent, 'src/deep/b.ts'))).toEqual(Buffer.from([0xff, 0]))
    expect(statSync(join(parent, 'bin/run')).mode & 0o111).not.toBe(0)
    expect(statSync(join(parent, 'src/a.ts')).mode & 0o111).toBe(0)
  })
})

describe('exportEntries', () => {
  it('puts a folder in place when it is complete', async () => {
    const { repository, entries, parent } = await prepared()
    const folder = join(parent, 'cache', 'export')
    let seen: readonly string[] = []
    await exportEntries(repository, entries, folder, async (made) => {
      expect(existsSync(folder)).toBe(false)
      seen = readdirSync(made)
    })
    expect(seen).toEqual(['bin', 'src'])
    expect(readdirSync(join(parent, 'cache'))).toEqual(['export'])
    expect(readFileSync(join(folder, 'src/a.ts'), 'utf8')).toBe('a')
  })

  it('leaves nothing behind where it cannot be completed', async () => {
    const { repository, entries, parent } = await prepared()
    const finish = () => Promise.reject(new Error('no packages'))
    await expect(exportEntries(repository, entries, join(parent, 'export'), finish)).rejects.toThrow(
      'no packages',
    )
    expect(readdirSync(parent)).toEqual([])
  })

  it('makes one folder where several make it at once', async () => {
    const { repository, entries, parent } = await prepared()
    const folder = join(parent, 'export')
    const make = () => exportEntries(repository, entries, folder, () => Promise.resolve())
    await Promise.all([make(), make(), make()])
    expect(readdirSync(parent)).toEqual(['export'])
    expect(readFileSync(join(folder, 'src/a.ts'), 'utf8')).toBe('a')
  })
})
