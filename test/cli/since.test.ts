import { rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { selectChange, sinceOrReport } from '../../src/cli/since.ts'
import type { BaseRule } from '../../src/git/find-base.ts'
import {
  type Files,
  type TemporaryRepository,
  temporaryFolder,
  temporaryRepository,
} from '../git/temporary-repository.ts'
import { acme, bolt, clusterText, nonprod, prod, tenantText } from '../load/fleet-of.ts'
import { fakeContext } from './fake-context.ts'
import { fileTree } from './file-tree.ts'

const text = (tenant: object): string => tenantText(tenant).text

const withBuild = (tenant: typeof acme) => ({ ...tenant, offers: { ...tenant.offers, 'build/std': {} } })

const since = async (repository: TemporaryRepository, ref = 'HEAD', rule: BaseRule = 'merge-base') => {
  const fake = fakeContext(repository.folder)
  const found = await sinceOrReport(fake.context, { ref, rule, json: false })
  return { ...fake, found }
}

const changeSince = async (repository: TemporaryRepository, ref?: string) => {
  const { found, out } = await since(repository, ref)
  if (found === undefined) throw new Error(out())
  return found
}

/** `stack new|changed|gone`. */
const affected = async (repository: TemporaryRepository, ref?: string): Promise<readonly string[]> =>
  (await changeSince(repository, ref)).change.stacks.map(({ stack, before, after }) => {
    if (before === undefined) return `${stack} new`
    return `${stack} ${after === undefined ? 'gone' : 'changed'}`
  })

describe('sinceOrReport', () => {
  it('affects nothing where nothing changed, and compiles nothing twice', async () => {
    const found = await changeSince(temporaryRepository(fileTree([acme, bolt])))
    expect(found.change.stacks).toEqual([])
    expect(found.change.before).toHaveLength(6)
    found.change.before.forEach((state, index) => {
      expect(state).toBe(found.change.after[index])
    })
    expect(found).toMatchObject({ compiledBy: 'this program', changedFiles: [], notes: [], baseIssues: [] })
  })

  it('affects a changed, a new and a gone tenant, committed or not', async () => {
    const third = {
      ...bolt,
      organization: 'cord',
      teams: { developers: { role: 'developer', ldapGroup: 'CN=Cord,DC=bank' } },
    }
    const repository = temporaryRepository(fileTree([acme, bolt]))
    const files: Files = {
      'tenants/acme.ts': text(withBuild(acme)),
      'tenants/bolt.ts': null,
      'tenants/cord.ts': text(third),
    }
    const expected = [
      'nonprod.acme changed',
      'nonprod.bolt gone',
      'nonprod.cord new',
      'prod.acme changed',
      'prod.bolt gone',
      'prod.cord new',
    ]
    repository.write(files)
    expect(await affected(repository)).toEqual(expected)
    const { notes, changedFiles } = await changeSince(repository)
    expect(notes).toEqual([
      '3 typed files are not committed; what is compared is the work tree as it stands.',
    ])
    expect(changedFiles).toEqual(['tenants/acme.ts', 'tenants/bolt.ts', 'tenants/cord.ts'])
    repository.commit({})
    expect(await affected(repository, 'HEAD~1')).toEqual(expected)
    expect((await changeSince(repository, 'HEAD~1')).notes).toEqual([])
  })

  it('holds both sides of each stack', async () => {
    const repository = temporaryRepository(fileTree([acme, bolt]))
    repository.commit({ 'tenants/acme.ts': text(withBuild(acme)) })
    const [one] = (await changeSince(repository, 'HEAD~1')).change.stacks
    const keys = (side: 'before' | 'after') => one?.[side]?.resources.map(({ key }) => key) ?? []
    expect(keys('after').length).toBeGreaterThan(keys('before').length)
    expect(one?.changes.filter(({ kind }) => kind === 'create').map(({ key }) => key)).toEqual(
      keys('after').filter((key) => !keys('before').includes(key)),
    )
  })

  it('affects exactly the stacks that a cluster file changes', async () => {
    const applications = { shop: { environments: ['dev'] } }
    const [shop, bar] = [acme, bolt].map((tenant) => ({ ...tenant, applications }))
    const repository = temporaryRepository(fileTree([shop ?? acme, bar ?? bolt]))
    const renamed = { ...prod, vsphere: { ...prod.vsphere, folder: 'other' } }
    repository.commit({ 'stacks/prod.ts': clusterText(renamed).text })
    expect(await affected(repository, 'HEAD~1')).toEqual(['prod.platform changed'])
    repository.commit({ 'stacks/prod.ts': null })
    expect(await affected(repository, 'HEAD~1')).toEqual([
      'prod.platform gone',
      'prod.acme gone',
      'prod.bolt gone',
    ])
  })

  it('affects nothing by a file that says the same in other words, with other line ends, or moved within the text', async () => {
    const repository = temporaryRepository(fileTree([acme, bolt]))
    const reordered = Object.fromEntries(Object.entries(acme).reverse())
    repository.commit({
      'tenants/acme.ts': `// A comment.\r\n${text(reordered).replaceAll('\n', '\r\n')}`,
      'README.md': 'Words',
    })
    expect(await affected(repository, 'HEAD~1')).toEqual([])
  })

  it('compares with where the branch left, not with what the other branch gained', async () => {
    const repository = temporaryRepository(fileTree([acme, bolt]))
    repository.git('switch', '--quiet', '--create', 'change')
    repository.commit({ 'tenants/acme.ts': text(withBuild(acme)) })
    repository.git('switch', '--quiet', 'main')
    repository.commit({ 'tenants/bolt.ts': text(withBuild(bolt)) })
    repository.git('switch', '--quiet', 'change')
    expect(await affected(repository, 'main')).toEqual(['nonprod.acme changed', 'prod.acme changed'])
    expect((await changeSince(repository, 'main')).notes).toEqual([
      expect.stringMatching(
        /^main has 1 commit that HEAD has not; compared with [0-9a-f]{12}, where HEAD left it\.$/,
      ),
    ])
    const { found, out, exitCode } = await since(repository, 'main', 'ancestor')
    expect([found, exitCode()]).toEqual([undefined, 1])
    expect(out()).toContain('git/not-ancestor main is not in the history of HEAD')
  })

  it('counts everything as new before there were files', async () => {
    const repository = temporaryRepository({ 'README.md': 'Soon' })
    repository.commit(fileTree([acme]))
    expect(await affected(repository, 'HEAD~1')).toEqual([
      'nonprod.platform new',
      'nonprod.acme new',
      'prod.platform new',
      'prod.acme new',
    ])
  })

  it('sees a folder of a repository, and no other', async () => {
    const below = Object.fromEntries(
      Object.entries(fileTree([acme])).map(([path, file]) => [`bank/${path}`, file]),
    )
    const repository = temporaryRepository({ ...below, ...fileTree([bolt]) })
    repository.commit({
      'bank/tenants/acme.ts': text(withBuild(acme)),
      'tenants/bolt.ts': text(withBuild(bolt)),
    })
    const fake = fakeContext(join(repository.folder, 'bank'))
    const found = await sinceOrReport(fake.context, { ref: 'HEAD~1', rule: 'merge-base', json: false })
    expect(found?.change.stacks.map(({ stack }) => stack)).toEqual(['nonprod.acme', 'prod.acme'])
  })

  it.each([
    ['no REF of that name', 'nothing', 'git/unknown-ref'],
    ['a REF that looks like an option', '--output=owned', 'git/not-a-ref'],
  ])('prints an issue for %s', async (_, ref, code) => {
    const { found, out, exitCode } = await since(temporaryRepository(fileTree([acme])), ref)
    expect(found).toBeUndefined()
    expect(out()).toMatch(
      new RegExp(`^${code} .*\\n  hint: .*\\n\\n1 issue\\. Nothing was touched on any cluster\\.$`, 's'),
    )
    expect(exitCode()).toBe(1)
  })

  it('prints an issue outside of a repository', async () => {
    const fake = fakeContext(temporaryFolder())
    await sinceOrReport(fake.context, { ref: 'main', rule: 'merge-base', json: true })
    expect(JSON.parse(fake.out())).toMatchObject({ ok: false, issues: [{ code: 'git/no-repository' }] })
  })

  it('prints the issues of the work tree as ever', async () => {
    const repository = temporaryRepository(fileTree([acme, bolt]))
    repository.write({ 'tenants/acme.ts': text({ ...acme, size: 'giant' }) })
    const { found, out, exitCode } = await since(repository)
    expect([found, exitCode()]).toEqual([undefined, 1])
    expect(out()).toContain('tenants/acme.ts:3:10 tenant/wrong-value')
  })
})

describe('what cannot be understood of the commit', () => {
  /** A first commit that no one could apply, and a work tree that is right. */
  const repaired = (broken: Files, right: Files = {}) => {
    const repository = temporaryRepository({ ...fileTree([acme, bolt]), ...broken })
    repository.commit({ ...fileTree([acme, bolt]), ...right })
    return repository
  }

  it.each([
    ['is no valid text', 'export default {', 'tenants/acme.ts', 'reader/syntax'],
    [
      'has a merge conflict',
      `<<<<<<< HEAD\n${text(acme)}=======\n>>>>>>> other\n`,
      'tenants/acme.ts',
      'reader/',
    ],
    ['has a wrong value', text({ ...acme, size: 'giant' }), 'tenants/acme.ts', 'tenant/wrong-value'],
    ['is not UTF-8', Buffer.from([0xff, 0xfe, 0x41]), 'tenants/acme.ts', 'reader/not-utf8'],
    ['is too large', Buffer.alloc(300 * 1024, ' '), 'tenants/acme.ts', 'since/not-read'],
    ['runs code', 'process.exit(3)\n', 'tenants/acme.ts', 'reader/'],
  ])('leaves out the stacks of a file that %s, and says so', async (_, content, file, code) => {
    const repository = repaired({ [file]: content })
    expect(await affected(repository, 'HEAD~1')).toEqual(['nonprod.acme new', 'prod.acme new'])
    const { baseIssues } = await changeSince(repository, 'HEAD~1')
    expect(baseIssues[0]?.code.startsWith(code), baseIssues[0]?.code).toBe(true)
    expect(baseIssues[0]?.source?.file).toBe(file)
  })

  it('takes every file by itself where they contradict each other', async () => {
    const clash = { ...bolt, networks: { net: { kind: 'overlay', subnet: '10.20.0.0/25' } } }
    const sound = { ...acme, networks: { net: { kind: 'overlay', subnet: '10.20.0.0/25' } } }
    const repository = temporaryRepository(fileTree([sound, clash]))
    repository.commit(fileTree([sound, bolt]))
    expect(await affected(repository, 'HEAD~1')).toEqual(['nonprod.bolt changed', 'prod.bolt changed'])
  })

  it('leaves out what names nothing that is there', async () => {
    const lost = { ...acme, volumes: { data: { backend: 'nowhere', size: '1Gi', application: 'shop' } } }
    const repository = repaired({ 'tenants/acme.ts': text(lost) })
    expect(await affected(repository, 'HEAD~1')).toEqual(['nonprod.acme new', 'prod.acme new'])
    const { baseIssues } = await changeSince(repository, 'HEAD~1')
    expect(baseIssues.map(({ code, source }) => `${source?.file} ${code}`)).toEqual([
      'tenants/acme.ts since/cannot-compile',
      'tenants/acme.ts since/cannot-compile',
    ])
  })

  it('leaves out a cluster with all that is on it', async () => {
    const repository = repaired({ 'stacks/prod.ts': 'export default 7\n' })
    expect(await affected(repository, 'HEAD~1')).toEqual([
      'prod.platform new',
      'prod.acme new',
      'prod.bolt new',
    ])
  })

  it('follows no link and no submodule', async () => {
    const repository = temporaryRepository(fileTree([bolt]))
    symlinkSync('bolt.ts', join(repository.folder, 'tenants/acme.ts'))
    symlinkSync('/etc/passwd', join(repository.folder, 'tenants/cord.ts'))
    repository.git('add', '--all')
    repository.git('update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},tenants/module.ts`)
    repository.git('commit', '--quiet', '--message', 'Links')
    for (const name of ['acme', 'cord']) rmSync(join(repository.folder, `tenants/${name}.ts`))
    expect(await affected(repository)).toEqual([])
    expect((await changeSince(repository)).baseIssues.map(({ message }) => message)).toEqual([
      'At the commit compared with, tenants/acme.ts is a symbolic link, not a file.',
      'At the commit compared with, tenants/cord.ts is a symbolic link, not a file.',
      'At the commit compared with, tenants/module.ts is a submodule, not a file.',
    ])
  })

  it('follows no link in place of a folder', async () => {
    const repository = temporaryRepository(fileTree([acme]))
    repository.git('mv', 'tenants', 'elsewhere')
    symlinkSync('elsewhere', join(repository.folder, 'tenants'))
    repository.commit({})
    rmSync(join(repository.folder, 'tenants'))
    repository.write(fileTree([acme]))
    expect(await affected(repository)).toEqual(['nonprod.acme new', 'prod.acme new'])
    expect((await changeSince(repository)).baseIssues).toMatchObject([{ source: { file: 'tenants' } }])
  })
})

describe('selectChange', () => {
  const changed = async () => {
    const repository = temporaryRepository(fileTree([acme, bolt]))
    const moved = [nonprod, prod].map((one) => ({ ...one, vsphere: { ...one.vsphere, folder: 'other' } }))
    repository.commit({ ...fileTree([withBuild(acme)], moved), 'tenants/bolt.ts': null })
    return (await changeSince(repository, 'HEAD~1')).change
  }

  const namesOf = async (organizations: readonly string[], clusters: readonly string[]) =>
    selectChange(await changed(), { organizations, clusters }).stacks.map(({ stack }) => stack)

  it('takes the clusters and organizations named, with the platforms of the clusters', async () => {
    expect(await namesOf([], ['prod'])).toEqual(['prod.platform', 'prod.acme', 'prod.bolt'])
    expect(await namesOf(['acme'], ['prod'])).toEqual(['prod.platform', 'prod.acme'])
    expect(await namesOf(['bolt'], [])).toEqual([
      'nonprod.platform',
      'nonprod.bolt',
      'prod.platform',
      'prod.bolt',
    ])
    expect(await namesOf([], [])).toHaveLength(6)
  })

  it('refuses a name that neither side has', async () => {
    await expect(namesOf(['acmee'], [])).rejects.toThrow("There is no organization 'acmee'.")
    await expect(namesOf([], ['test'])).rejects.toThrow("There is no cluster 'test'.")
  })
})
