import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { UnownedThing } from '../../src/plan/unowned.ts'
import { type Hands, handsOn } from './by-hand.ts'
import { collectionId, idOf } from './hand-made.ts'
import { runTenantry } from './run-command.ts'
import { openTinyTenant, type TinyTenant } from './tiny-tenant.ts'

let tiny: TinyTenant
let hands: Hands
const organization = 'drifting'

/** A hold lasts 92 days at most. */
const nextMonth = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10)

beforeAll(async () => {
  tiny = await openTinyTenant(organization)
  hands = handsOn(tiny.cluster)
  // The samples' clusters are two; the tenant is on one of them.
  await runTenantry(tiny.session, ['up', '--quiet'])
})
afterAll(async () => {
  await hands?.close()
  await tiny?.close()
})

const drift = (...words: readonly string[]) => runTenantry(tiny.session, ['drift', '--json', ...words])

interface Told {
  readonly stacks: readonly {
    readonly stack: string
    readonly changes: readonly { readonly resource: string }[]
  }[]
  readonly unowned: readonly UnownedThing[]
  readonly blindSpots: readonly unknown[]
  readonly putRight?: readonly { readonly stack: string; readonly outcome: string }[]
  readonly leftAsIs?: readonly { readonly stack: string; readonly reason: string }[]
}

const told = (json: string): Told => JSON.parse(json) as Told

const renameTeam = (from: string, to: string) =>
  hands.ucp('PATCH', `/accounts/${organization}/teams/${from}`, { name: to })

const changed = ({ stacks }: Told): readonly string[] =>
  stacks.flatMap(({ stack, changes }) => changes.map(({ resource }) => `${stack} ${resource}`))

describe('drift', () => {
  test('finds nothing on clusters that nobody touched, and sees all of their systems', async () => {
    const { code, stdout, said } = await drift()
    expect(code, said).toBe(0)
    expect(told(stdout)).toMatchObject({ unowned: [], blindSpots: [] })
    expect(changed(told(stdout))).toEqual([])
  })

  test('tells what somebody made beside the files, and leaves alone what people put into their own collections', async () => {
    const team = `/accounts/${organization}/teams/developers`
    const workload = await collectionId(hands, `/Run/Std/${organization}`)
    await hands.ucp('POST', `/accounts/${organization}/teams`, { name: 'backdoor', description: '' })
    await hands.ucp('PUT', `/collectionGrants/${await idOf(hands, team)}/${workload}/fullcontrol`, {})
    await hands.ucp('POST', '/collections', {
      name: 'ghost',
      parent_id: await collectionId(hands, '/Run/Std'),
    })
    await hands.vault('POST', 'sys/mounts/orgs/ghost', { type: 'kv', options: { version: '2' } })
    await hands.registry('POST', `/repositories/${organization}`, {
      name: 'miner',
      enableManifestLists: false,
    })
    const label = (collection: string, more = {}) => ({ 'com.docker.ucp.access.label': collection, ...more })
    for (const [Name, Labels] of [
      ['left-over', label(`/Shared/Private/${organization}`, { 'tenantry.owner': tiny.stack })],
      ['squatter', label('/Run/Std')],
      ['own', label(`/Shared/Private/${organization}`)],
    ] as const)
      await hands.ucp('POST', '/networks/create', { Name, Driver: 'overlay', Labels })

    const { code, stdout, said } = await drift('--cluster', 'nonprod')
    expect(code, said).toBe(1)
    expect(told(stdout).unowned.map(({ kind, name, why }) => `${kind} ${name}: ${why}`)).toEqual([
      'collection /Run/Std/ghost: beside the files',
      `grant ${organization}/developers: fullcontrol on /Run/Std/${organization}: beside the files`,
      'network left-over: left over',
      'network squatter: of no tenant',
      `repository ${organization}/miner: beside the files`,
      `team ${organization}/backdoor: beside the files`,
      'vault mount orgs/ghost: beside the files',
    ])

    await hands.ucp('DELETE', `/accounts/${organization}/teams/backdoor`)
    await hands.ucp('DELETE', `/collectionGrants/${await idOf(hands, team)}/${workload}/fullcontrol`)
    await hands.ucp('DELETE', `/collections/${await collectionId(hands, '/Run/Std/ghost')}`)
    await hands.vault('DELETE', 'sys/mounts/orgs/ghost')
    await hands.registry('DELETE', `/repositories/${organization}/miner`)
    for (const name of ['left-over', 'squatter', 'own']) await hands.ucp('DELETE', `/networks/${name}`)
    expect((await drift('--cluster', 'nonprod')).code).toBe(0)
  })

  test('puts right what was changed by hand, but not what is on hold', async () => {
    const holds = join(tiny.session.files, 'holds')
    await mkdir(holds)
    await writeFile(
      join(holds, 'investigation.ts'),
      `import { defineHold } from '../src/exception/define.ts'

export default defineHold({
  owner: 'nadia.rossi@bank.example',
  reason: 'The auditors look at it as it is.',
  organization: '${organization}',
  expires: '${nextMonth}',
})
`,
    )
    await renameTeam('developers', 'hackers')
    const held = await drift(organization, '--fix')
    expect(held.code, held.said).toBe(1)
    expect(changed(told(held.stdout))).toEqual([`${tiny.stack} team/developers`])
    expect(told(held.stdout).leftAsIs?.[0]?.reason).toContain('The auditors look at it as it is.')
    await expect(idOf(hands, `/accounts/${organization}/teams/hackers`)).resolves.not.toBe('')

    const fleet = await runTenantry(tiny.session, ['up', '--quiet'])
    expect(fleet.code, fleet.said).toBe(0)
    expect(fleet.said).toContain(`Left as it is: ${tiny.stack}, on hold until ${nextMonth}`)
    await expect(idOf(hands, `/accounts/${organization}/teams/hackers`)).resolves.not.toBe('')

    await rm(holds, { recursive: true })
    await renameTeam('hackers', 'thieves')
    const fixed = await drift(organization, '--fix')
    expect(fixed.code, fixed.said).toBe(0)
    expect(told(fixed.stdout).putRight).toMatchObject([{ stack: tiny.stack, outcome: 'succeeded' }])
    await expect(idOf(hands, `/accounts/${organization}/teams/developers`)).resolves.not.toBe('')
    await expect(idOf(hands, `/accounts/${organization}/teams/thieves`)).rejects.toThrow('404')
    expect((await drift(organization)).code).toBe(0)
  })
})
