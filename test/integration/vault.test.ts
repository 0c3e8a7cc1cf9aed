import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Vault } from '../../src/clients/vault.ts'
import { Secret } from '../../src/core/secret.ts'
import type { ClusterLab } from '../../src/lab/cluster-lab.ts'
import type { VaultAppRole } from '../../src/model/vault-app-role.ts'
import type { Tenant } from '../../src/tenant/schema.ts'
import { missingPart } from '../missing-part.ts'
import { failuresOf, type LabSession, openLabSession } from './lab-session.ts'
import { SecretSearch } from './secret-search.ts'
import { VaultCalls } from './vault-calls.ts'
import { actions, looks, type Place, placesOf, promisedGroups, promisedPolicies } from './vault-oracle.ts'

/** Brought up by the real engine; of the other samples the policies alone are written, from their desired state. */
const organizations = ['retail-banking', 'insurance']

let session: LabSession
/** Seeded at every place of every organization; nothing of ours may ever show it. */
const marked = `marked-${randomBytes(12).toString('hex')}`
const given: { readonly name: string; readonly value: string }[] = [{ name: 'seeded value', value: marked }]
let tenants: readonly Tenant[]

const clusterLab = (name: string): ClusterLab => {
  const found = session.lab.clusters.find(({ cluster }) => cluster.cluster === name)
  if (found === undefined) throw new Error(`no cluster ${name}`)
  return found
}

const on = (tenant: Tenant, { cluster }: ClusterLab): boolean =>
  tenant.clusters === undefined || Object.hasOwn(tenant.clusters, cluster.cluster)

const opened: Vault[] = []
const vaultOf = ({ vault }: ClusterLab, token: Secret): Vault => {
  const client = new Vault({ address: vault.address, token })
  opened.push(client)
  return client
}

const everyPlace = (lab: ClusterLab): readonly Place[] =>
  tenants.filter((tenant) => on(tenant, lab)).flatMap((tenant) => placesOf(tenant, lab.cluster))

/** Every place of an organization, and of every other one a place of each kind. */
const nearby = (lab: ClusterLab, { organization }: Tenant): readonly Place[] => {
  const kinds = new Set<string>()
  return everyPlace(lab).filter((place) => {
    if (place.organization === organization) return true
    const kind = `${place.organization} ${place.path.split('/')[0]}`
    return !kinds.has(kind) && kinds.add(kind).size > 0
  })
}

/** Mounts and policies of the organizations that the engine does not bring up here, and a secret at every place. */
const seed = async (lab: ClusterLab): Promise<void> => {
  const root = vaultOf(lab, lab.vault.rootToken)
  const others = tenants.filter((one) => on(one, lab) && !organizations.includes(one.organization))
  const states = await session.stacks(others.map(({ organization }) => organization))
  for (const { organization } of others)
    await root.enableMount(`orgs/${organization}`, { type: 'kv', options: { version: '2' } })
  for (const { cluster, resources } of states)
    if (cluster === lab.cluster.cluster)
      for (const one of resources)
        if (one.kind === 'VaultPolicy') await root.writePolicy(one.name, one.policy)
  for (const { organization, path } of everyPlace(lab))
    await root.writeSecret(`orgs/${organization}`, path, { value: marked })
}

beforeAll(async () => {
  session = await openLabSession()
  if (session.lab.clusters.some(({ vault }) => vault.reality !== 'real'))
    missingPart('vault', 'policies and log-ins on the real Vault; they are tried on the one in memory')
  tenants = (await session.fleet()).tenants.map(({ value }) => value)
  const { results } = await session.run('up', await session.stacks(organizations))
  expect(failuresOf(results)).toEqual([])
  for (const lab of session.lab.clusters) await seed(lab)
})

afterAll(async () => {
  await Promise.all(opened.map((vault) => vault.close()))
  await session?.close()
})

describe.each(['nonprod', 'prod'])('on %s', (name) => {
  const tenantsHere = (): readonly Tenant[] => tenants.filter((tenant) => on(tenant, clusterLab(name)))

  test('an organization has the policies that its file promises, and no others', async () => {
    const lab = clusterLab(name)
    const calls = new VaultCalls(lab.vault, lab.vault.rootToken)
    const there = (await calls.list('sys/policies/acl')).filter(
      (one) => !['default', 'root', 'tenantry-platform'].includes(one),
    )
    const promised = tenantsHere().flatMap((tenant) => promisedPolicies(tenant, lab.cluster))
    expect([...there].sort()).toEqual(promised.map((one) => one.name).sort())
    await calls.close()
  })

  test('every policy allows what it should on every kind of path, and nothing else', async () => {
    const lab = clusterLab(name)
    const root = new VaultCalls(lab.vault, lab.vault.rootToken)
    const wrong: string[] = []
    const counts = { allowed: 0, denied: 0 }
    for (const tenant of tenantsHere())
      for (const policy of promisedPolicies(tenant, lab.cluster)) {
        const token = await vaultOf(lab, lab.vault.rootToken).createToken({ policies: [policy.name] })
        const holder = new VaultCalls(lab.vault, token)
        for (const place of nearby(lab, tenant))
          for (const action of actions) {
            const status = await holder.act(action, place, marked)
            const isAllowed = policy.may(action, place)
            counts[isAllowed ? 'allowed' : 'denied'] += 1
            const isRight = isAllowed ? status === 200 || status === 204 : status === 403
            const told = `${policy.name}: ${action} ${place.organization} ${place.path}`
            if (!isRight) wrong.push(`${told} answers ${status}`)
            if (status !== 403 && !looks.includes(action)) await root.restore(place, marked)
          }
        for (const [method, path] of forbiddenToAll) {
          const status = await holder.status(method, path)
          counts.denied += 1
          if (status !== 403) wrong.push(`${policy.name}: ${method} ${path} answers ${status}`)
        }
        await holder.close()
      }
    await root.close()
    expect(wrong).toEqual([])
    expect(counts.allowed).toBeGreaterThan(100)
    expect(counts.denied).toBeGreaterThan(1000)
    console.log(
      `Vault policies on ${name}: ${counts.allowed} calls allowed, ${counts.denied} denied, all as promised`,
    )
  })

  test('an application and a pipeline log in by AppRole and read what is theirs', async () => {
    const lab = clusterLab(name)
    const platform = vaultOf(lab, lab.vault.platformToken)
    const states = (await session.stacks(organizations)).filter(({ cluster }) => cluster === name)
    let logins = 0
    for (const { organization, resources } of states) {
      const tenant = tenants.find((one) => one.organization === organization)
      const roles = resources.filter((one): one is VaultAppRole => one.kind === 'VaultAppRole')
      for (const role of roles) {
        if (tenant === undefined) throw new Error('an AppRole outside of an organization')
        const roleId = (await platform.readRoleId(role.backend, role.name)) ?? ''
        const secretId = await platform.createSecretId(role.backend, role.name)
        const token = await platform.loginWithAppRole(role.backend, roleId, secretId)
        given.push(
          { name: `secret id of ${role.name}`, value: secretId.reveal() },
          { name: `token of ${role.name}`, value: token.reveal() },
        )
        const machine = new VaultCalls(lab.vault, token)
        const promised = promisedPolicies(tenant, lab.cluster).filter((one) => one.name === role.name)
        expect(promised.map((one) => one.name)).toEqual([role.name])
        const [policy] = promised
        for (const place of everyPlace(lab))
          expect(
            await machine.act('read', place, marked),
            `${role.name} reads ${place.organization} ${place.path}`,
          ).toBe(policy?.may('read', place) === true ? 200 : 403)
        expect(await machine.status('GET', 'platform/data/storage/cifs')).toBe(403)
        await machine.close()
        logins += 1
      }
    }
    expect(logins).toBeGreaterThanOrEqual(5)
  })

  test('members of LDAP groups get the policies of their teams', async () => {
    const lab = clusterLab(name)
    const platform = vaultOf(lab, lab.vault.platformToken)
    const calls = new VaultCalls(lab.vault, lab.vault.rootToken)
    const promised = new Map(
      tenantsHere()
        .filter(({ organization }) => organizations.includes(organization))
        .flatMap((tenant) => [...promisedGroups(tenant, lab.cluster)]),
    )
    expect([...(await calls.list('auth/ldap/groups'))].sort()).toEqual([...promised.keys()].sort())
    for (const [group, policies] of promised)
      expect(await platform.readLdapGroup('ldap', group), group).toEqual(policies)
    await calls.close()

    const { directory, passwords } = session.lab.people
    const anyone = vaultOf(lab, lab.vault.rootToken)
    // The lab tells a Vault that asks a directory where it is once the method is mounted.
    const [somebody = new Secret('')] = passwords.values()
    const [first = ''] = passwords.keys()
    await expect
      .poll(() => anyone.loginWithLdap('ldap', first, somebody).then(() => 'in', String), { timeout: 20_000 })
      .toBe('in')
    for (const { name: person } of directory.users) {
      const groups = directory.groups.filter(({ members }) => members.includes(person))
      const wanted = groups.flatMap(
        ({ dn }) => promised.get(/^CN=([^,]+)/.exec(dn)?.[1]?.toLowerCase() ?? '') ?? [],
      )
      const token = await anyone.loginWithLdap('ldap', person, passwords.get(person) ?? new Secret(''))
      given.push({ name: `LDAP token of ${person}`, value: token.reveal() })
      const { policies } = await vaultOf(lab, token).lookupSelf()
      expect([...policies].sort(), person).toEqual(['default', ...new Set(wanted)].sort())
    }
    const strangers = vaultOf(lab, lab.vault.rootToken).loginWithLdap(
      'ldap',
      first,
      new Secret('not-the-password'),
    )
    await expect(strangers).rejects.toThrow(/failed to bind as user/)
  })
})

test('neither the state nor a log of the lab holds a secret of Vault', async () => {
  const { layout, clusters } = session.lab
  const search = new SecretSearch([
    ...given,
    ...clusters.flatMap(({ vault }) => [
      { name: 'platform token', value: vault.platformToken.reveal() },
      { name: 'root token', value: vault.rootToken.reveal() },
    ]),
  ])
  for (const folder of [layout.state, layout.logs, layout.pulumiHome, join(session.files, 'stacks')])
    expect(await search.folder(folder)).toEqual([])
})

/** What nobody of an organization may do, whatever their role. */
const forbiddenToAll: readonly (readonly [method: string, path: string])[] = [
  ['GET', 'platform/data/storage/cifs'],
  ['GET', 'platform/metadata/?list=true'],
  ['GET', 'orgs/?list=true'],
  ['GET', 'sys/mounts'],
  ['POST', 'sys/mounts/orgs/mine'],
  ['DELETE', 'sys/mounts/orgs/retail-banking'],
  ['GET', 'sys/auth'],
  ['POST', 'sys/auth/mine'],
  ['GET', 'sys/policies/acl?list=true'],
  ['GET', 'sys/policies/acl/tenantry-platform'],
  ['PUT', 'sys/policies/acl/retail-banking-developer'],
  ['PUT', 'sys/policies/acl/default'],
  ['PUT', 'sys/seal'],
  ['GET', 'sys/config/state/sanitized'],
  ['GET', 'auth/approle/role?list=true'],
  ['GET', 'auth/approle/role/retail-banking-ci/role-id'],
  ['POST', 'auth/approle/role/retail-banking-ci/secret-id'],
  ['GET', 'auth/ldap/groups?list=true'],
  ['POST', 'auth/ldap/groups/rb-developers'],
  ['GET', 'auth/ldap/config'],
  ['POST', 'auth/token/create'],
  ['GET', 'auth/token/accessors?list=true'],
]
