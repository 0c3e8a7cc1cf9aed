import { describe, expect, it } from 'vitest'
import { affectedCommand } from '../../src/cli/commands/affected.ts'
import { selectStacks } from '../../src/cli/select.ts'
import { stateDigest } from '../../src/plan/state-digest.ts'
import { temporaryRepository } from '../git/temporary-repository.ts'
import { acme, bolt, soundFleet, tenantText } from '../load/fleet-of.ts'
import { fakeContext } from './fake-context.ts'
import { fileTree } from './file-tree.ts'

const withBuild = { ...acme, offers: { ...acme.offers, 'build/std': {} } }

/** One commit that changes acme and takes bolt away, on a branch that main has moved on from. */
const repository = () => {
  const made = temporaryRepository(fileTree([acme, bolt]))
  made.git('switch', '--quiet', '--create', 'change')
  made.commit({ 'tenants/acme.ts': tenantText(withBuild).text, 'tenants/bolt.ts': null })
  made.git('switch', '--quiet', 'main')
  made.commit({ 'README.md': 'Words' })
  made.git('switch', '--quiet', 'change')
  return made
}

const run = async (folder: string, ...words: readonly string[]) => {
  const fake = fakeContext(folder)
  await affectedCommand(fake.context)
    .exitOverride()
    .parseAsync([...words], { from: 'user' })
  return fake
}

describe('tenantry affected', () => {
  it('names what is affected, and how', async () => {
    const { folder, git } = repository()
    const { out, err, exitCode } = await run(folder, '--since', 'main')
    const commit = git('merge-base', 'main', 'HEAD').slice(0, 12)
    expect(out().split('\n')).toEqual([
      `Since main (${commit}) 2 typed files changed; 4 of 4 stacks are affected.`,
      expect.stringMatching(/^stack +create +update +replace +delete$/),
      expect.stringMatching(/^nonprod\.acme +changed +\d+ +· +· +·$/),
      expect.stringMatching(/^nonprod\.bolt +gone +· +· +· +\d+$/),
      expect.stringMatching(/^prod\.acme +changed +\d+ +· +· +·$/),
      expect.stringMatching(/^prod\.bolt +gone +· +· +· +\d+$/),
    ])
    expect(err()).toBe(`main has 1 commit that HEAD has not; compared with ${commit}, where HEAD left it.`)
    expect(exitCode()).toBe(0)
  })

  it('prints nothing but names where they are asked for', async () => {
    const { out, err } = await run(repository().folder, '--since', 'main', '--names', '--cluster', 'prod')
    expect(out()).toBe('prod.acme\nprod.bolt')
    expect(err()).toBe('')
  })

  it('says so where nothing is affected', async () => {
    const { out } = await run(repository().folder, '--since', 'HEAD')
    expect(out()).toMatch(
      /^Since HEAD \([0-9a-f]{12}\) nothing that compiles changed; 0 of 4 stacks are affected\.$/,
    )
  })

  it('is plain data as JSON', async () => {
    const { folder, git } = repository()
    const { out } = await run(folder, 'acme', '--since', 'main', '--json', '--cluster', 'nonprod')
    const digestOf = (tenant: object) =>
      selectStacks(soundFleet([tenant]), { organizations: ['acme'], clusters: ['nonprod'] })
        .filter(({ organization }) => organization === 'acme')
        .map(stateDigest)[0]
    expect(JSON.parse(out())).toEqual({
      since: 'main',
      comparedWith: git('merge-base', 'main', 'HEAD'),
      head: git('rev-parse', 'HEAD'),
      compiledBy: 'this program',
      changedFiles: ['tenants/acme.ts', 'tenants/bolt.ts'],
      stacks: [
        {
          stack: 'nonprod.acme',
          cluster: 'nonprod',
          organization: 'acme',
          change: 'changed',
          resources: { create: expect.any(Number), update: 0, replace: 0, delete: 0 },
          digests: { before: digestOf(acme), after: digestOf(withBuild) },
        },
      ],
      totals: { before: 6, after: 4 },
      notes: [expect.stringContaining('main has 1 commit')],
      baseIssues: [],
    })
  })

  it('tells what of the commit could not be understood', async () => {
    const made = temporaryRepository({ ...fileTree([bolt]), 'tenants/acme.ts': 'export default {' })
    made.commit(fileTree([acme]))
    const { out, err } = await run(made.folder, '--since', 'HEAD~1')
    expect(out()).toMatch(/nonprod\.acme +new/)
    expect(err()).toMatch(/^[0-9a-f]{12}: tenants\/acme\.ts:1:17 reader\/syntax The file ends too early/)
  })

  it('wants to know since when', async () => {
    await expect(run(repository().folder)).rejects.toMatchObject({
      code: 'commander.missingMandatoryOptionValue',
    })
  })
})
