import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { appliedFolder, recordApplied } from '../../src/cli/applied.ts'
import { destroyCommand } from '../../src/cli/commands/destroy.ts'
import { earlierFiles, findFrozen } from '../../src/cli/frozen.ts'
import { type Selection, selectStacks } from '../../src/cli/select.ts'
import { guard, unfrozen, valveOrReport } from '../../src/cli/valve-or-report.ts'
import { checkoutRoot } from '../../src/engine/checkout.ts'
import type { Fleet } from '../../src/load/fleet.ts'
import { loadFleet } from '../../src/load/load-fleet.ts'
import { acme, bolt, clusterText, nonprod, prod, type TenantInput, tenantText } from '../load/fleet-of.ts'
import { fakeContext } from './fake-context.ts'

const everything: Selection = { organizations: [], clusters: [] }
const now = new Date('2026-11-22T10:00:00Z')
const frozenAcme: TenantInput = { ...acme, lifecycle: 'frozen' }

let root: string
let environment: NodeJS.ProcessEnv

const write = async (...texts: readonly { readonly file: string; readonly text: string }[]) => {
  for (const { file, text } of texts) {
    await mkdir(join(root, file, '..'), { recursive: true })
    await writeFile(join(root, file), text)
  }
}

const load = async (): Promise<Fleet> => {
  const checked = await loadFleet(root, () => now)
  if (!checked.ok) throw new Error(JSON.stringify(checked.issues))
  return checked.value
}

const runOf = async () => {
  const fleet = await load()
  return {
    fleet,
    stacks: selectStacks(fleet, everything),
    selection: everything,
    environment,
    findEngine: () => Promise.reject(new Error('no engine is needed')),
    project: checkoutRoot(),
    now,
  }
}

/** Everybody's grants and teams change by it. */
const sharedChange = () => write(clusterText({ ...nonprod, ldap: { groupMemberAttribute: 'uniqueMember' } }))

const override = (rules: readonly string[], expires = '2026-11-30') =>
  write({
    file: 'overrides/for-now.ts',
    text: `export default ${JSON.stringify({
      owner: 'ann@bank.example',
      reason: 'BANK-17: for this test',
      scope: { rules, organizations: ['acme'] },
      expires,
    })}\n`,
  })

/** Both tenants are applied, then one is frozen. */
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tenantry-frozen-'))
  environment = { PULUMI_BACKEND_URL: `file://${join(root, 'state')}` }
  await write(clusterText(nonprod), clusterText(prod), tenantText(acme), tenantText(bolt))
  for (const state of selectStacks(await load(), everything))
    await recordApplied(appliedFolder(environment) ?? '', state)
  await write(tenantText(frozenAcme))
})
afterEach(() => {
  vi.unstubAllEnvs()
  return rm(root, { recursive: true })
})

const codes = ({ issues }: Awaited<ReturnType<typeof guard>>) => issues.map(({ code }) => code)
const waiting = ({ frozen }: Awaited<ReturnType<typeof guard>>) =>
  Object.fromEntries(frozen.map((one) => [one.stack, one.waiting]))

describe('a frozen tenant', () => {
  it('is left as it is by a change of what is shared, and holds nobody up', async () => {
    await sharedChange()
    const run = await runOf()
    const verdict = await guard(run)
    expect(codes(verdict)).toEqual([])
    expect(waiting(verdict)).toEqual({ 'nonprod.acme': 1, 'prod.acme': 0 })
    const names = unfrozen(run.stacks, verdict.frozen).map(({ stack }) => stack)
    expect(names).toEqual(['nonprod.platform', 'nonprod.bolt', 'prod.platform', 'prod.bolt'])
    const { context, err } = fakeContext(root)
    expect(await valveOrReport(context, run, false)).toBeDefined()
    expect(err()).toContain('Frozen, left as they are: nonprod.acme (1 resource waits), prod.acme.')
  })

  it('is refused what its own file asks for, alone or beside a change of what is shared', async () => {
    await write(tenantText({ ...frozenAcme, applications: { shop: { environments: ['dev'] } } }))
    expect(codes(await guard(await runOf()))).toContain('valve/frozen')
    await sharedChange()
    expect(codes(await guard(await runOf()))).toContain('valve/frozen')
  })

  it('changes by an override of that rule', async () => {
    await sharedChange()
    await override(['frozen', 'tenants-touched'])
    const verdict = await guard(await runOf())
    expect(codes(verdict)).toEqual([])
    expect(verdict.frozen).toEqual([])
    expect(verdict.used).toMatchObject([{ rules: ['frozen', 'tenants-touched'] }])
  })

  it('that was never applied is refused: nobody begins frozen', async () => {
    await write(tenantText({ ...bolt, organization: 'cold', teams: {}, lifecycle: 'frozen' }))
    expect(codes(await guard(await runOf()))).toContain('valve/frozen')
  })

  it('is refused where an older record does not know its file', async () => {
    await sharedChange()
    const file = join(appliedFolder(environment) ?? '', 'nonprod.acme.json')
    await writeFile(file, (await readFile(file, 'utf8')).replace(/,"file":"\w+"/, ''))
    const run = await runOf()
    expect(codes(await guard(run))).toContain('valve/frozen')
    // A commit to compare with knows it too.
    const verdict = await guard({ ...run, earlier: earlierFiles(run.fleet.tenants) })
    expect(codes(verdict)).toEqual([])
    expect(waiting(verdict)).toMatchObject({ 'nonprod.acme': 1 })
  })

  it('is not destroyed, but by an override', async () => {
    const destroy = (...words: readonly string[]) => {
      const { context } = fakeContext(root)
      vi.stubEnv('PULUMI_BACKEND_URL', undefined)
      vi.stubEnv('TENANTRY_CONNECTIONS', undefined)
      return destroyCommand(context).parseAsync(['acme', '--yes', 'acme', ...words], { from: 'user' })
    }
    await expect(destroy()).rejects.toThrow('acme is frozen on nonprod and prod: nothing of it changes.')
    await expect(destroy('--cluster', 'prod')).rejects.toThrow('acme is frozen on prod')
    await override(['frozen'], '2020-01-31')
    await expect(destroy()).rejects.toThrow('acme is frozen')
    await override(['frozen'], '9999-12-30')
    await expect(destroy()).rejects.toThrow('are not set')
  })

  it('stays on a back end that keeps no records, too', async () => {
    const { fleet, stacks } = await runOf()
    const frozen = findFrozen({ fleet, stacks, change: undefined, folder: undefined, now })
    expect(frozen.map(({ stack }) => stack)).toEqual(['nonprod.acme', 'prod.acme'])
  })
})
