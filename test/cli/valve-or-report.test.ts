import { cp, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { appliedFolder, readApplied, recordApplied } from '../../src/cli/applied.ts'
import type { CommandContext } from '../../src/cli/command-context.ts'
import { loadOrReport } from '../../src/cli/load-or-report.ts'
import { type Selection, selectStacks } from '../../src/cli/select.ts'
import { type GuardedRun, guard, valveOrReport } from '../../src/cli/valve-or-report.ts'
import { checkoutRoot } from '../../src/engine/checkout.ts'
import type { Fleet } from '../../src/load/fleet.ts'
import { loadFleet } from '../../src/load/load-fleet.ts'
import { fleetChange } from '../../src/plan/fleet-change.ts'
import { generateFleet } from '../fixtures/generate-fleet.ts'
import { tenantText } from '../load/fleet-of.ts'
import { fakeTerminal } from './fake-terminal.ts'

const everything: Selection = { organizations: [], clusters: [] }
const now = () => new Date('2026-11-22T10:00:00Z')

let root: string
let environment: NodeJS.ProcessEnv
const folder = () => appliedFolder(environment) ?? ''

const load = async (): Promise<Fleet> => {
  const checked = await loadFleet(root, now)
  if (!checked.ok) throw new Error(JSON.stringify(checked.issues))
  return checked.value
}

const runOf = async (selection = everything) => {
  const fleet = await load()
  return {
    fleet,
    stacks: selectStacks(fleet, selection),
    selection,
    environment,
    findEngine: () => Promise.reject(new Error('no engine is needed')),
    project: checkoutRoot(),
    now: now(),
  }
}

const guardIssues = async (run: GuardedRun) => (await guard(run)).issues
const guarded = async (selection = everything) => guardIssues(await runOf(selection))
const codes = (issues: readonly { readonly code: string }[]) =>
  [...new Set(issues.map(({ code }) => code))].sort()

const contextOf = () => {
  const terminal = fakeTerminal()
  const said: number[] = []
  const context: CommandContext = { root, project: root, terminal, finish: (code) => said.push(code) }
  return { context, terminal, said }
}

/** A checkout of twenty tenants on two clusters, all of it applied. */
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tenantry-valve-'))
  environment = { PULUMI_BACKEND_URL: `file://${join(root, 'state')}` }
  for (const { file, text } of generateFleet(20, 7)) {
    await mkdir(join(root, file, '..'), { recursive: true })
    await writeFile(join(root, file), text)
  }
  for (const state of selectStacks(await load(), everything)) await recordApplied(folder(), state)
})
afterEach(() => rm(root, { recursive: true }))

const tenantFiles = async () => (await readdir(join(root, 'tenants'))).sort()
const firstTenant = async () => (await tenantFiles())[0]?.replace(/\.ts$/, '') ?? ''

describe('before the first call', () => {
  it('nothing is wrong with a fleet as it was applied', async () => {
    expect(await guarded()).toEqual([])
  })

  it('an emptied folder is refused, with the numbers', async () => {
    for (const file of await tenantFiles()) await rm(join(root, 'tenants', file))
    await writeFile(join(root, 'tenants', '.gitkeep'), '')
    const issues = await guarded()
    expect(codes(issues)).toContain('fleet/vanished-file')
    expect(issues.find(({ code }) => code === 'valve/tenant-gone')?.message).toMatch(
      /^20 of 20 tenants \(100 %\) would be gone: /,
    )
    expect(issues.length).toBeLessThan(40)
  })

  it('and one that is gone altogether is refused as it is read', async () => {
    await rm(join(root, 'tenants'), { recursive: true })
    const checked = await loadFleet(root, now)
    expect(!checked.ok && codes(checked.issues)).toContain('fleet/no-folder')
  })

  it('a renamed tree is refused as it is read', async () => {
    await rename(join(root, 'tenants'), join(root, 'customers'))
    const checked = await loadFleet(root, now)
    expect(!checked.ok && codes(checked.issues)).toContain('fleet/no-folder')
  })

  it('a tree that moved one folder down is refused as it is read', async () => {
    await rename(join(root, 'tenants'), join(root, 'moved'))
    await mkdir(join(root, 'tenants'))
    await rename(join(root, 'moved'), join(root, 'tenants', 'emea'))
    const checked = await loadFleet(root, now)
    expect(!checked.ok && codes(checked.issues)).toContain('fleet/not-a-typed-file')
  })

  it.each(['.mts', '.tsx', '.js'])(
    'files that a pattern misses, called %s, are refused as they are read',
    async (ending) => {
      for (const file of await tenantFiles())
        await rename(join(root, 'tenants', file), join(root, 'tenants', file.replace(/\.ts$/, ending)))
      const checked = await loadFleet(root, now)
      expect(!checked.ok && codes(checked.issues)).toContain('fleet/not-a-typed-file')
    },
  )

  it('files that nothing looks like a typed file any more are refused as gone', async () => {
    for (const file of await tenantFiles())
      await rename(join(root, 'tenants', file), join(root, 'tenants', `${file}.disabled`))
    expect(codes(await guarded())).toContain('valve/tenant-gone')
  })

  it('a parser that drops half of what it reads is refused', async () => {
    const run = await runOf()
    const halved = run.stacks.map((state) => ({
      ...state,
      resources: state.resources.filter((_, index) => index % 2 === 0),
    }))
    expect(codes(await guardIssues({ ...run, stacks: halved }))).toEqual(
      expect.arrayContaining(['valve/data-deleted', 'valve/grants-removed', 'valve/tenants-touched']),
    )
  })

  it('a parser that finds no tenant is refused', async () => {
    const run = await runOf()
    const blind = { ...run.fleet, tenants: [] }
    const issues = await guardIssues({ ...run, fleet: blind, stacks: selectStacks(blind, everything) })
    expect(codes(issues)).toEqual(expect.arrayContaining(['fleet/vanished-file', 'valve/tenant-gone']))
  })

  it('a missing cluster file is refused, and its stacks are named', async () => {
    const run = await runOf()
    const clusters = run.fleet.clusters.filter(({ value }) => value.cluster !== 'prod')
    const fleet = { ...run.fleet, clusters }
    const issues = await guardIssues({ ...run, fleet, stacks: selectStacks(fleet, everything) })
    expect(issues[0]?.message).toMatch(
      /^\d+ stacks are applied on prod, .* first, and no file describes the cluster any more\.$/,
    )
    expect(issues.filter(({ code }) => code === 'valve/stack-gone').map(({ message }) => message)).toEqual([
      'The cluster prod would be gone with everything that its organizations share.',
    ])
  })
})

describe('a file that vanished', () => {
  it('is an error that names its stacks and the ways out', async () => {
    const name = await firstTenant()
    const stacks = (await runOf()).stacks
      .filter(({ organization }) => organization === name)
      .map(({ stack }) => stack)
    await rm(join(root, 'tenants', `${name}.ts`))
    const [issue] = await guarded()
    expect(issue?.code).toBe('fleet/vanished-file')
    for (const stack of stacks) expect(issue?.message).toContain(stack)
    expect(issue?.source).toEqual({ file: `tenants/${name}.ts`, line: 1, column: 1 })
    expect(issue?.hint).toContain(`previously: '${name}'`)
    expect(issue?.hint).toContain(`tenantry offboard ${name}`)
  })

  it('is missed by its state too, where no record knows it', async () => {
    const name = await firstTenant()
    await rm(folder(), { recursive: true })
    const states = join(root, 'state', '.pulumi', 'stacks', 'tenantry')
    await mkdir(states, { recursive: true })
    const holding = { version: 3, checkpoint: { latest: { resources: [{ urn: 'urn:pulumi:a' }] } } }
    await writeFile(join(states, `nonprod.${name}.json`), JSON.stringify(holding))
    expect(await guarded()).toEqual([])
    await rm(join(root, 'tenants', `${name}.ts`))
    const [issue, ...others] = await guarded()
    expect(others).toEqual([])
    expect(issue).toMatchObject({ code: 'fleet/vanished-file' })
    expect(issue?.message).toContain(`nonprod.${name} is applied`)
  })

  it('was only renamed where the new one says so', async () => {
    const name = await firstTenant()
    const tenant = (await load()).tenants.find(({ value }) => value.organization === name)?.value
    await rm(join(root, 'tenants', `${name}.ts`))
    const { file, text } = tenantText({ ...tenant, organization: 'zenith', previously: name })
    await writeFile(join(root, file), text)
    expect(await guarded()).toEqual([])
    const bare = tenantText({ ...tenant, organization: 'zenith' })
    await writeFile(join(root, bare.file), bare.text)
    expect(codes(await guarded())).toContain('valve/tenant-gone')
  })

  it('may be missing by an override, for a while', async () => {
    const name = await firstTenant()
    await rm(join(root, 'tenants', `${name}.ts`))
    await mkdir(join(root, 'overrides'))
    const rules = ['tenant-gone', 'stack-gone', 'data-deleted']
    await writeFile(
      join(root, 'overrides', 'gone.ts'),
      `export default ${JSON.stringify({
        owner: 'ann@bank.example',
        reason: 'BANK-17: moved to the other platform',
        scope: { rules, organizations: [name] },
        expires: '2026-11-30',
      })}\n`,
    )
    expect(await guarded()).toEqual([])
    const { context, terminal } = contextOf()
    expect(await valveOrReport(context, await runOf(), false)).toMatchObject({ issues: [], frozen: [] })
    expect(terminal.err).toEqual([
      "overrides/gone.ts lets pass what 'data-deleted' and 'tenant-gone' would refuse, until 2026-11-30: BANK-17: moved to the other platform (ann@bank.example).",
    ])
  })
})

describe('a run of some tenants', () => {
  it('looks at those alone, and counts them among all', async () => {
    const name = await firstTenant()
    for (const file of (await tenantFiles()).slice(1, 3)) await rm(join(root, 'tenants', file))
    expect(await guarded({ organizations: [name], clusters: [] })).toEqual([])
  })
})

describe('the command', () => {
  it('prints why not, sets the exit code, and touches no record', async () => {
    const name = await firstTenant()
    const run = await runOf()
    await rm(join(root, 'tenants', `${name}.ts`))
    const { context, terminal, said } = contextOf()
    const fleet = await loadOrReport(context)
    if (fleet === undefined) throw new Error(terminal.out.join('\n'))
    const before = readApplied(folder(), `nonprod.${name}`)
    const going = { ...run, fleet, stacks: selectStacks(fleet, everything) }
    expect(await valveOrReport(context, going, false)).toBeUndefined()
    expect(said).toEqual([1])
    expect(terminal.out.join('\n')).toContain('Nothing was touched on any cluster.')
    expect(readApplied(folder(), `nonprod.${name}`)).toEqual(before)
  })

  it('says nothing where nothing is wrong', async () => {
    const { context, terminal, said } = contextOf()
    expect(await valveOrReport(context, await runOf(), true)).toBeDefined()
    expect([terminal.out, said]).toEqual([[], []])
  })
})

describe('a back end without records', () => {
  const listing = async (stack: string) => {
    const directory = join(root, 'engine')
    await mkdir(directory)
    const program = `#!/bin/sh\necho '[{"name":"${stack}","resourceCount":3}]'\n`
    await writeFile(join(directory, 'pulumi'), program, { mode: 0o755 })
    return {
      environment: { ...process.env, PULUMI_BACKEND_URL: 's3://states' },
      findEngine: async () => ({ directory }),
    }
  }

  it('still misses files, and says that it sees no more without a commit', async () => {
    const run = { ...(await runOf()), ...(await listing('nonprod.gone')) }
    const { context, terminal, said } = contextOf()
    expect(await valveOrReport(context, run, false)).toBeUndefined()
    expect(said).toEqual([1])
    expect(terminal.out.join('\n')).toContain(
      "nonprod.gone is applied, and no file describes 'gone' any more.",
    )
    expect(terminal.err.join('\n')).toContain('--since <ref> tells the rest')
  })

  it('goes by what a commit says, where one is named', async () => {
    const own = await runOf()
    const [kept, gone] = [selectStacks({ ...own.fleet, tenants: [] }, everything), own.stacks]
    const run = { ...own, ...(await listing('nonprod.platform')), change: fleetChange(gone, kept) }
    const { context, terminal } = contextOf()
    expect(await valveOrReport(context, run, false)).toBeUndefined()
    expect(terminal.out.join('\n')).toContain('20 of 20 tenants (100 %) would be gone')
    expect(terminal.err).toEqual([])
  })
})

describe('records', () => {
  it('that are broken count as none, and those of a copied folder are not taken for stacks', async () => {
    const name = await firstTenant()
    await writeFile(join(folder(), `nonprod.${name}.json`), '{')
    await cp(join(folder(), `prod.platform.json`), join(folder(), 'prod.platform.json.4711'))
    await writeFile(join(folder(), 'notes.txt'), '')
    expect(await guarded()).toEqual([])
  })
})
