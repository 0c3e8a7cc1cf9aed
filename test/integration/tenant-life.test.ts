import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkoutRoot } from '../../src/engine/checkout.ts'
import type { OffboardingReport } from '../../src/plan/offboarding.ts'
import { type Hands, handsOn } from './by-hand.ts'
import { type LabSession, openLabSession } from './lab-session.ts'
import { type EndedCommand, runTenantry } from './run-command.ts'

/** Its first name, under which everything of it is made. */
const made = 'life-first'
/** What it is called since. */
const renamed = 'life-second'
const volume = `${made}-ledger`

interface Tenant {
  readonly organization?: string
  readonly more?: string
}

const tenantFile = ({ organization = made, more = '' }: Tenant): string =>
  `import { defineTenant } from '../src/tenant/define.ts'

export default defineTenant({
  organization: '${organization}',
  size: 'small',
  owner: 'nadia.rossi@bank.example',
  technicalLead: 'tom.becker@bank.example',
  costCentre: 'INT-1002',
  teams: { developers: { role: 'developer', ldapGroup: 'CN=DS-Scientists,OU=Groups,DC=bank,DC=example' } },
  offers: { 'run/std': {} },
  applications: { app: { environments: ['dev'], repositories: ['app'] } },
  networks: { backend: { kind: 'overlay', subnet: '10.66.240.0/24' } },
  volumes: { ledger: { backend: 'nfs', size: '10Gi' } },
  clusters: { nonprod: {} },
${more}})
`

let session: LabSession
let hands: Hands
const stack = `nonprod.${made}`

const fileOf = (organization: string): string => join(session.files, 'tenants', `${organization}.ts`)
const write = (tenant: Tenant) => writeFile(fileOf(tenant.organization ?? made), tenantFile(tenant))
const tenantry = (...words: readonly string[]): Promise<EndedCommand> => runTenantry(session, words)
const up = (...words: readonly string[]) => tenantry('up', ...words, '--cluster', 'nonprod', '--json')

interface Outcome {
  readonly results: readonly {
    readonly stack: string
    readonly resources: readonly { readonly change: string; readonly name: string }[]
  }[]
}

/** `change name` of what is not as it was. */
const changesIn = ({ stdout }: EndedCommand): string[] =>
  (JSON.parse(stdout) as Outcome).results
    .filter((one) => one.stack === stack)
    .flatMap(({ resources }) => resources.map(({ change, name }) => `${change} ${name}`))
    .sort()

const issuesIn = ({ stdout }: EndedCommand): string[] =>
  (JSON.parse(stdout) as { issues: readonly { readonly code: string }[] }).issues.map(({ code }) => code)

interface LiveVolume {
  readonly Name: string
  readonly CreatedAt?: string
  readonly Options: Readonly<Record<string, string>>
}

const liveVolume = () => hands.ucp('GET', `/volumes/${volume}`) as Promise<LiveVolume>

beforeAll(async () => {
  session = await openLabSession({
    prepare: async (files) => {
      for (const name of await readdir(join(files, 'tenants'))) await rm(join(files, 'tenants', name))
      await writeFile(join(files, 'tenants', `${made}.ts`), tenantFile({}))
    },
  })
  const cluster = session.lab.clusters.find((one) => one.cluster.cluster === 'nonprod')
  if (cluster === undefined) throw new Error('no nonprod')
  hands = handsOn(cluster)
  const first = await up()
  expect(first.code, first.said).toBe(0)
})
afterAll(async () => {
  await hands?.close()
  await session?.close()
  await rm(join(checkoutRoot(), 'stacks', `Pulumi.${stack}.yaml`), { force: true })
})

describe('a file that vanished', () => {
  test('is refused before the first call, and destroys nothing', async () => {
    const text = await readFile(fileOf(made), 'utf8')
    const before = await liveVolume()
    await rm(fileOf(made))
    const ended = await up()
    await writeFile(fileOf(made), text)
    expect(ended.code, ended.said).toBe(1)
    expect(issuesIn(ended)).toEqual(expect.arrayContaining(['fleet/vanished-file', 'valve/tenant-gone']))
    expect(ended.stdout).toContain(stack)
    expect(await liveVolume()).toEqual(before)
  })
})

describe('a volume that is left out', () => {
  test('is refused, with the way to rename it', async () => {
    const text = await readFile(fileOf(made), 'utf8')
    await writeFile(fileOf(made), text.replace('ledger:', 'books:'))
    const ended = await up()
    await writeFile(fileOf(made), text)
    expect(ended.code, ended.said).toBe(1)
    expect(issuesIn(ended)).toEqual(['valve/data-deleted'])
  })
})

describe('an organization that is renamed', () => {
  test('stays what it is, but for what people read', async () => {
    const before = await liveVolume()
    await rm(fileOf(made))
    await write({ organization: renamed, more: `  previously: '${made}',\n` })
    const ended = await up()
    expect(ended.code, ended.said).toBe(0)
    expect(changesIn(ended)).toEqual(['update organization', 'update vault-mount'])
    expect(await liveVolume()).toEqual(before)
    const account = (await hands.ucp('GET', `/accounts/${made}`)) as { readonly fullName: string }
    expect(account.fullName).toBe(`${renamed} [tenantry:${stack}]`)
  })
})

describe('a frozen tenant', () => {
  const more = `  previously: '${made}',\n  lifecycle: 'frozen',\n`
  test('stays as it is whatever changes around it', async () => {
    await write({ organization: renamed, more })
    const cluster = join(session.files, 'stacks', 'nonprod.ts')
    const shared = await readFile(cluster, 'utf8')
    await writeFile(
      cluster,
      shared.replace("groupMemberAttribute: 'member'", "groupMemberAttribute: 'uniqueMember'"),
    )
    const ended = await up('--full')
    await writeFile(cluster, shared)
    expect(ended.code, ended.said).toBe(0)
    const { results, frozen } = JSON.parse(ended.stdout)
    expect(results.map((one: { stack: string }) => one.stack)).toEqual(['nonprod.platform'])
    expect(frozen).toEqual([{ stack, waiting: 1 }])
  })

  test('is refused every change of its own', async () => {
    await write({ organization: renamed, more })
    const text = tenantFile({ organization: renamed, more })
    await writeFile(fileOf(renamed), text.replace("repositories: ['app']", "repositories: ['app', 'more']"))
    const ended = await up()
    expect(ended.code, ended.said).toBe(1)
    expect(issuesIn(ended)).toEqual(['valve/frozen'])
  })
})

describe('a tenant that leaves', () => {
  const leaving = (lifecycle: 'draining' | 'archived') =>
    write({ organization: renamed, more: `  previously: '${made}',\n  lifecycle: '${lifecycle}',\n` })
  const offboard = (...words: readonly string[]) => tenantry('offboard', renamed, ...words, '--json')

  test('is drained first: nobody may do anything but look', async () => {
    await write({ organization: renamed, more: `  previously: '${made}',\n` })
    expect((await up()).code).toBe(0)
    const refused = await offboard('--check')
    expect(refused.code, refused.said).toBe(1)
    expect(issuesIn(refused)).toContain('offboard/at-work')
    await leaving('draining')
    const ended = await up()
    expect(ended.code, ended.said).toBe(0)
    const changes = changesIn(ended)
    expect(changes).toContain(`create grant/team/developers/viewer-nonprod/Run/Std/${made}`)
    expect(changes).toContain(`delete grant/team/developers/developer-nonprod/Run/Std/${made}`)
    expect(changes.filter((one) => / (?:network|repository|volume)\//.test(one))).toEqual([])
  })

  test('may not go while others have something there', async () => {
    const Labels = { 'com.docker.ucp.access.label': `/Run/Std/${made}` }
    const Image = `${new URL(session.lab.clusters[0]?.registry.address ?? '').host}/${made}/app:1`
    await hands.ucp('POST', '/services/create', {
      Name: 'life-web',
      Labels,
      TaskTemplate: { ContainerSpec: { Image } },
      Mode: { Replicated: { Replicas: 1 } },
    })
    await hands.vault('POST', `orgs/${made}/data/apps/app/database`, { data: { password: 'kept' } })
    const ended = await offboard('--check')
    expect(ended.code, ended.said).toBe(1)
    expect(ended.stdout).toContain('life-web')
    expect(ended.stdout).toContain(volume)
    expect(ended.stdout).toContain('1 secrets in Vault')
    expect(ended.stdout).not.toContain('kept"')
    await hands.ucp('DELETE', '/services/life-web')
    const data = await offboard('--check')
    expect(data.code, data.said).toBe(1)
    const free = await offboard('--check', '--keep-data')
    expect(free.code, free.said).toBe(0)
  })

  test('is archived: its data is all that is left', async () => {
    const before = await liveVolume()
    await leaving('archived')
    const ended = await up()
    expect(ended.code, ended.said).toBe(0)
    const changes = changesIn(ended)
    expect(changes).toContain('delete organization')
    expect(changes.filter((one) => !one.startsWith('delete '))).toEqual([])
    expect(changes.filter((one) => /Shared\/Private|vault-mount|volume\//.test(one))).toEqual([
      `delete collection/Shared/Private/${made}/app`,
      `delete grant/team/developers/viewer-nonprod/Shared/Private/${made}`,
    ])
    expect(await liveVolume()).toEqual(before)
    await expect(hands.ucp('GET', `/accounts/${made}`)).rejects.toThrow()
  })

  test('goes with a report of what was removed and what was kept', async () => {
    const output = join(session.files, 'report.json')
    const ended = await offboard('--keep-data', '--yes', renamed, '--output', output)
    expect(ended.code, ended.said).toBe(0)
    const report = JSON.parse(await readFile(output, 'utf8')) as OffboardingReport
    expect(report).toMatchObject({ organization: made, clusters: ['nonprod'], isComplete: true })
    const removed = report.removed.map((one) => `${one.stack} ${one.type} ${one.name}`)
    expect(removed).toContain(`${stack} ucp:index:Organization organization`)
    expect(removed.filter((one) => /volume|vault-mount/.test(one))).toEqual([])
    expect(report.kept.map(({ kind, name, count }) => `${kind} ${name} ${count}`)).toEqual([
      `vault secret orgs/${made} 1`,
      `volume ${volume} 1`,
    ])
    await rm(fileOf(renamed))
    const after = await up()
    expect(after.code, after.said).toBe(0)
  })
})
