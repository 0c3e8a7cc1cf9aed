import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { previewCommand } from '../../src/cli/commands/preview.ts'
import { temporaryRepository } from '../git/temporary-repository.ts'
import { acme, bolt, prod, tenantText } from '../load/fleet-of.ts'
import { fakeContext } from './fake-context.ts'
import { fileTree } from './file-tree.ts'

beforeEach(() => {
  vi.stubEnv('TENANTRY_CONNECTIONS', undefined)
  vi.stubEnv('PULUMI_BACKEND_URL', undefined)
})

afterEach(() => {
  vi.unstubAllEnvs()
})

const run = async (folder: string, ...words: readonly string[]) => {
  const fake = fakeContext(folder)
  await previewCommand(fake.context)
    .exitOverride()
    .parseAsync([...words], { from: 'user' })
  return fake
}

/** A change of words, which affects nothing, and before it one of a tenant. */
const repository = () => {
  const made = temporaryRepository(fileTree([acme, bolt]))
  const offers = { ...acme.offers, 'build/std': {} }
  made.commit({ 'tenants/acme.ts': tenantText({ ...acme, offers }).text })
  made.commit({ 'README.md': 'Words' })
  return made
}

describe('tenantry preview --since', () => {
  it('starts no engine where nothing is affected, with neither a lab nor connections', async () => {
    const { out, err, exitCode } = await run(repository().folder, '--since', 'HEAD~1')
    expect(out()).toBe('0 stacks run, 0 with changes (0.0 s).')
    expect(err()).toBe('0 of 6 stacks are affected since HEAD~1.')
    expect(exitCode()).toBe(0)
  })

  it('says as JSON what it compared', async () => {
    const { folder, git } = repository()
    const { out, err } = await run(folder, '--since', 'HEAD~1', '--json')
    expect(JSON.parse(out())).toMatchObject({
      since: 'HEAD~1',
      comparedWith: git('rev-parse', 'HEAD~1'),
      head: git('rev-parse', 'HEAD'),
      compiledBy: 'this program',
      gone: [],
      results: [],
    })
    expect(err()).toBe('')
  })

  it('makes a report of it as well', async () => {
    const { out } = await run(repository().folder, '--since', 'HEAD~1', '--format', 'markdown')
    expect(out()).toMatch(/^<!--/)
  })

  it('needs an engine, and so its connections, where a stack is affected', async () => {
    await expect(run(repository().folder, '--since', 'HEAD~2')).rejects.toThrow(
      'PULUMI_BACKEND_URL and TENANTRY_CONNECTIONS are not set',
    )
    await expect(run(repository().folder, 'bolt', '--since', 'HEAD~2')).resolves.toBeDefined()
  })

  it('names what no file asks for any more, for which no engine runs', async () => {
    const made = temporaryRepository(fileTree([acme, bolt]))
    made.commit({ 'tenants/bolt.ts': null })
    const { out } = await run(made.folder, '--since', 'HEAD~1', '--json')
    expect(JSON.parse(out())).toMatchObject({ gone: ['nonprod.bolt', 'prod.bolt'], results: [] })
  })

  it('reports a REF that is not there, and touches nothing', async () => {
    const { out, exitCode } = await run(repository().folder, '--since', 'origin/main')
    expect(out()).toContain("git/unknown-ref There is no commit 'origin/main' here.")
    expect(exitCode()).toBe(1)
  })

  it('previews nothing of a cluster that is not named', async () => {
    const made = temporaryRepository(fileTree([acme]))
    const moved = { ...prod, vsphere: { ...prod.vsphere, folder: 'other' } }
    made.commit(fileTree([acme], [moved]))
    const { out } = await run(made.folder, '--since', 'HEAD~1', '--cluster', 'nonprod', '--json')
    expect(JSON.parse(out())).toMatchObject({ results: [] })
  })
})
