import { appendFile, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { readPlan } from '../../src/cli/plan-io.ts'
import { checkoutRoot } from '../../src/engine/checkout.ts'
import { type Hands, handsOn } from './by-hand.ts'
import { killNow } from './processes.ts'
import { type EndedCommand, runTenantry } from './run-command.ts'
import { openTinyTenant, type TinyTenant } from './tiny-tenant.ts'
import { differences, readWorld, type World } from './world.ts'

const key = { TENANTRY_PLAN_KEY: 'integration-tests-0123456789abcdef' }

let tiny: TinyTenant
let hands: Hands
let folder: string
const file = () => join(folder, 'plan.json')

beforeAll(async () => {
  tiny = await openTinyTenant('plans')
  hands = handsOn(tiny.cluster)
})
afterAll(async () => {
  await hands?.close()
  await tiny?.close()
})
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-plans-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
  await tiny.edit('app')
  await tiny.up()
})

const tenantry = (...words: readonly string[]): Promise<EndedCommand> =>
  runTenantry(tiny.session, words, { environment: key })

const world = (): Promise<World> => readWorld(tiny.session.lab, tiny.cluster)

/** Asks for another application, and has that previewed and approved. */
const approve = async (application: string): Promise<void> => {
  await tiny.edit(application)
  const { code, said } = await tenantry('preview', tiny.organization, '--plan', file())
  expect(code, said).toBe(0)
}

/** What `up --plan` says when it refuses; nothing on the cluster was changed by it. */
const refusal = async (
  more: { readonly checkout?: string; readonly environment?: NodeJS.ProcessEnv } = {},
): Promise<EndedCommand> => {
  const before = await world()
  const ended = await runTenantry(tiny.session, ['up', '--plan', file()], {
    ...more,
    environment: { ...key, ...more.environment },
  })
  expect(ended.code, ended.said).not.toBe(0)
  expect(differences(before, await world())).toEqual([])
  return ended
}

describe('a plan that still holds', () => {
  test('is applied exactly so, and nothing is left to do', async () => {
    await approve('shop')
    const plan = readPlan(file(), key)
    if (!plan.ok) throw new Error(JSON.stringify(plan.issues))
    const [stack] = plan.value.stacks
    expect(plan.value.stacks.map((one) => one.stack)).toEqual([tiny.stack])
    expect(stack?.changes).not.toEqual([])
    expect(Object.keys(stack?.live ?? {})).toEqual(expect.arrayContaining(['organization', 'provider/ucp']))
    const { code, said } = await tenantry('up', '--plan', file())
    expect(code, said).toBe(0)
    // Applied once, it is as approved: to ask for it again does nothing.
    const again = await tenantry('up', '--plan', file(), '--json')
    expect(again.code, again.said).toBe(0)
    expect(JSON.parse(again.stdout)).toMatchObject({ results: [] })
    expect(await tiny.up()).toEqual([])
  })

  test('survives a run in between that changed nothing', async () => {
    await approve('shop')
    await tiny.edit('app')
    expect(await tiny.up()).toEqual([])
    await tiny.edit('shop')
    const { code, said } = await tenantry('up', '--plan', file())
    expect(code, said).toBe(0)
  })
})

describe('a plan is refused, and what moved is named', () => {
  test('where a file was altered since', async () => {
    await approve('shop')
    await tiny.edit('another')
    const { code, said } = await refusal()
    expect(code).toBe(1)
    expect(said).toContain('plan/desired-moved')
    expect(said).toContain(tiny.stack)
  })

  test('where the live system was altered since', async () => {
    await approve('shop')
    await hands.ucp('PATCH', `/accounts/${tiny.organization}/teams/developers`, { name: 'hackers' })
    const { code, said } = await refusal()
    expect(code).toBe(3)
    expect(said).toContain(`${tiny.stack} is not as it was approved: what is live moved`)
    expect(said).toContain('team/developers (was to stay as it is')
    await hands.ucp('PATCH', `/accounts/${tiny.organization}/teams/hackers`, { name: 'developers' })
    const adopting = await refusal({ environment: { TENANTRY_ADOPT: '1' } })
    expect(adopting.said).toContain('provider/ucp (it looks elsewhere, or takes over what is foreign)')
  })

  test('where a policy was altered since', async () => {
    await approve('shop')
    const settings = join(tiny.session.files, 'fleet.ts')
    await writeFile(
      settings,
      "import { defineFleet } from './src/fleet/define.ts'\n\nexport default defineFleet({ valve: { ownersLeast: 1 } })\n",
    )
    const { code, said } = await refusal().finally(() => rm(settings))
    expect(code).toBe(1)
    expect(said).toContain('plan/policies-moved')
    expect(said).not.toContain('plan/program-moved')
  })

  test('where the program was altered since', async () => {
    await approve('shop')
    const checkout = join(folder, 'checkout')
    await mkdir(checkout)
    for (const name of [
      'src',
      'bin',
      'plugins',
      'Pulumi.yaml',
      'package.json',
      'package-lock.json',
      'tsconfig.json',
    ])
      await cp(join(checkoutRoot(), name), join(checkout, name), { recursive: true })
    await symlink(join(checkoutRoot(), 'node_modules'), join(checkout, 'node_modules'))
    const untouched = await runTenantry(tiny.session, ['up', '--plan', file()], { checkout })
    expect(untouched.said).toContain('plan/no-key')
    await appendFile(join(checkout, 'src', 'compile', 'access.ts'), '\n// altered\n')
    const { code, said } = await refusal({ checkout })
    expect(code).toBe(1)
    expect(said).toContain('plan/program-moved')
    expect(said).not.toContain('plan/policies-moved')
  })

  test('where the state was altered since', async () => {
    await approve('shop')
    const plan = await readFile(file())
    const first = await tenantry('up', '--plan', file())
    expect(first.code, first.said).toBe(0)
    await tiny.edit('app')
    await tiny.up()
    await tiny.edit('shop')
    await writeFile(file(), plan)
    const { code, said } = await refusal()
    expect(code).toBe(1)
    expect(said).toContain('plan/state-moved')
  })

  test('where it is not what was signed, or was signed with another key', async () => {
    await approve('shop')
    const text = await readFile(file(), 'utf8')
    const tampered: Readonly<Record<string, string>> = {
      'plan/altered': text.replace('"serial": ', '"serial": 1'),
      'plan/truncated': text.slice(0, text.length / 2),
      'plan/unsigned': text.replace(/"signature": \{[^}]*\},/, ''),
    }
    for (const [code, altered] of Object.entries(tampered)) {
      await writeFile(file(), altered)
      const ended = await refusal()
      expect(ended.code, ended.said).toBe(1)
      expect(ended.said).toContain(code)
    }
    await writeFile(file(), text)
    const otherKey = await refusal({ environment: { TENANTRY_PLAN_KEY: 'another-key-0123456789abcdef0123' } })
    expect(otherKey.said).toContain('plan/wrong-key')
  })
})

describe('a plan whose run was killed', () => {
  test('is finished by the next run with it, and by nothing that was not approved', async () => {
    await approve('shop')
    const before = await world()
    let pid: number | undefined
    tiny.onWrite((count) => {
      if (count === 2 && pid !== undefined) killNow(pid)
      return undefined
    })
    const running = tiny.start('up', { words: ['up', '--plan', file()], environment: key })
    pid = running.pid
    expect((await running.ended).code).toBeNull()
    tiny.onWrite(() => undefined)
    expect(differences(before, await world())).not.toEqual([])
    const { code, said } = await tenantry('up', '--plan', file())
    expect(code, said).toBe(0)
    expect(await tiny.up()).toEqual([])
  })
})
