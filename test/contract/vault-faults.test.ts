import { createHash } from 'node:crypto'
import pLimit from 'p-limit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Vault } from '../../src/clients/vault.ts'
import { Fault } from '../../src/core/fault.ts'
import { type FaultProxy, startFaultProxy } from '../../src/lab/fault-proxy.ts'
import type { InjectedFault } from '../../src/lab/faults.ts'
import { vaultPlugin } from '../../src/lab/plugins/vault-plugin.ts'
import type { Properties, ResourceContext } from '../../src/provider/plugin.ts'
import { recordRow } from '../faults/record-row.ts'
import { seed } from '../seed.ts'
import { givenIds, scrubbed, type VaultArea, VaultWorld } from './vault-world.ts'
import { type TestVault, vaults } from './vaults.ts'

const context: ResourceContext = { urn: 'urn', signal: new AbortController().signal, log: () => undefined }

/** A resource type with inputs before and after a change; `id` keeps the cases apart. */
interface Subject {
  readonly token: string
  readonly area: VaultArea
  readonly inputs: (id: string) => Properties
  readonly changed: (id: string) => Properties
  /** What a message about it must name. */
  readonly named: (id: string) => string
}

const subjects: readonly Subject[] = [
  {
    token: 'vault:index/mount:Mount',
    area: 'mount',
    inputs: (id) => ({
      path: `orgs/${id}`,
      type: 'kv',
      options: { version: '2' },
      description: `Secrets [tenantry:n.${id}]`,
    }),
    changed: (id) => ({
      path: `orgs/${id}`,
      type: 'kv',
      options: { version: '2' },
      description: `Kept secrets [tenantry:n.${id}]`,
    }),
    named: (id) => `orgs/${id}`,
  },
  {
    token: 'vault:index/authBackend:AuthBackend',
    area: 'backend',
    inputs: (id) => ({ path: id, type: 'approle', description: `Machines [tenantry:n.${id}]` }),
    changed: (id) => ({ path: id, type: 'approle', description: `Robots [tenantry:n.${id}]` }),
    named: (id) => id,
  },
  {
    token: 'vault:index/policy:Policy',
    area: 'policy',
    inputs: (id) => ({ name: id, policy: `path "orgs/${id}/*" {\n  capabilities = ["read"]\n}\n` }),
    changed: (id) => ({ name: id, policy: `path "orgs/${id}/*" {\n  capabilities = ["list"]\n}\n` }),
    named: (id) => id,
  },
  {
    token: 'vault:ldap/authBackendGroup:AuthBackendGroup',
    area: 'ldapGroup',
    inputs: (id) => ({ backend: 'ldap', groupname: id, policies: ['a', 'b'] }),
    changed: (id) => ({ backend: 'ldap', groupname: id, policies: ['b', 'c'] }),
    named: (id) => id,
  },
  {
    token: 'vault:appRole/authBackendRole:AuthBackendRole',
    area: 'appRole',
    inputs: (id) => ({ backend: 'approle', roleName: id, tokenPolicies: ['a'], tokenTtl: 600 }),
    changed: (id) => ({ backend: 'approle', roleName: id, tokenPolicies: ['a', 'b'], secretIdTtl: 60 }),
    named: (id) => id,
  },
  {
    token: 'vault:kv/secretV2:SecretV2',
    area: 'secret',
    inputs: (id) => ({ mount: 'kept', name: id, dataJson: '{"password":"hidden-first"}' }),
    changed: (id) => ({ mount: 'kept', name: id, dataJson: '{"password":"hidden-second"}' }),
    named: (id) => `kept/${id}`,
  },
]

const operations = ['create', 'update', 'delete'] as const
type Operation = (typeof operations)[number]

const vaultError = (status: number, message: string): InjectedFault => ({
  kind: 'status',
  status,
  body: { errors: [message] },
})

/** By what is said of them; `refusing` takes no connection at all. */
const faultKinds: Readonly<Record<string, InjectedFault | 'refusing'>> = {
  '401': vaultError(401, 'unauthorized'),
  '403 denied': vaultError(403, '1 error occurred:\n\t* permission denied\n\n'),
  '403 expired token': vaultError(403, '2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n'),
  '409': vaultError(409, 'conflict'),
  '412 not caught up': vaultError(412, 'required index state not present'),
  '429 with Retry-After': {
    kind: 'status',
    status: 429,
    body: { errors: ['request path rate limit quota exceeded'] },
    headers: { 'retry-after': '1' },
  },
  '472 disaster recovery secondary': vaultError(472, ''),
  '473 standby': vaultError(473, ''),
  '307 to the active node': { kind: 'status', status: 307, body: '', headers: { location: 'http://x/' } },
  '500': vaultError(500, 'update out of sequence'),
  '500 after the effect': { kind: 'status-after', status: 500, body: { errors: ['internal error'] } },
  '502 after the effect': { kind: 'status-after', status: 502, body: '<html>Bad gateway</html>' },
  '503 sealed': vaultError(503, 'Vault is sealed'),
  '503 after the effect': { kind: 'status-after', status: 503, body: { errors: ['Vault is sealed'] } },
  'refused connections': 'refusing',
  'refused for a moment': { kind: 'refused', milliseconds: 20 },
  'reset before': { kind: 'reset-before' },
  'reset in the request': { kind: 'reset-in-request' },
  'reset in the answer': { kind: 'reset-in-body' },
  'reset after': { kind: 'reset-after' },
  'timeout before': { kind: 'timeout-before' },
  'timeout after': { kind: 'timeout-after' },
  'slow answer': { kind: 'slow', milliseconds: 20 },
}

/** Every case is run where the whole matrix is asked for, else one of four, the same ones in every run of a seed. */
const isWhole = process.env.TENANTRY_FAULTS === 'full'
const sampled = 4

const isTaken = (id: string): boolean =>
  isWhole || (createHash('sha256').update(`${seed} ${id}`).digest()[0] ?? 0) % sampled === 0

const quickMilliseconds = 250
/** Of one call, at most; what an operation does about a lost answer is two calls more. */
const mostAttempts = 7
/** The cases of one resource type that run at once. */
const parallel = 20

interface Case {
  readonly subject: Subject
  readonly operation: Operation
  readonly id: string
  readonly fault: string
  /** Which call of the operation meets it, from 1. */
  readonly nth: number
  /** How many calls the operation makes undisturbed. */
  readonly calls: number
  /** Whether every later call meets it too. */
  readonly lasts: boolean
}

/** What came of the cases of one fault. */
interface Count {
  cases: number
  failedFirst: number
  sameState: number
  milliseconds: number
}

describe.each(vaults)('faults between the vault stand-in and Vault, %s', (reality, start) => {
  let server: TestVault
  let root: Vault
  let world: VaultWorld
  const counts = new Map<string, Count>(
    Object.keys(faultKinds).map((fault) => [
      fault,
      { cases: 0, failedFirst: 0, sameState: 0, milliseconds: 0 },
    ]),
  )
  const countOf = (fault: string): Count => {
    const found = counts.get(fault)
    if (found === undefined) throw new Error(`no fault ${fault}`)
    return found
  }
  const sum = (field: keyof Count): number =>
    [...counts.values()].reduce((total, count) => total + count[field], 0)

  beforeAll(async () => {
    server = await start()
    root = new Vault({ address: server.address, token: server.rootToken })
    world = new VaultWorld(server)
    for (const type of ['approle', 'ldap'] as const) await root.enableAuthBackend(type, { type })
    await root.enableMount('kept', { type: 'kv', options: { version: '2' } })
  })

  afterAll(async () => {
    for (const [fault, { cases, sameState, failedFirst, milliseconds }] of counts)
      await recordRow(`vault-${reality}-${fault}`.replaceAll(/\W+/g, '-'), {
        fault: `Vault (${reality}): ${fault}`,
        step: 'every call of create, update and delete of 6 resource types',
        cases,
        sameState,
        retried: `${cases - failedFirst} by the client, ${failedFirst} by the next run`,
        seconds: milliseconds / 1000,
      })
    await root?.close()
    await world?.close()
    await server?.stop()
  })

  const clientOf = (address: string, isQuick: boolean): Vault =>
    new Vault({
      address,
      token: server.rootToken,
      sleep: async () => undefined,
      ...(isQuick ? { timeoutMilliseconds: quickMilliseconds } : {}),
    })

  const run = async (
    vault: Vault,
    { subject, operation, id }: Pick<Case, 'subject' | 'operation' | 'id'>,
  ) => {
    const resource = vaultPlugin.resources[subject.token]
    if (resource === undefined) throw new Error(`no resource ${subject.token}`)
    const inputs = subject.inputs(id)
    const resourceId = idOf(subject, id)
    if (operation === 'create') expect((await resource.create(vault, inputs, context)).id).toBe(resourceId)
    if (operation === 'update') await resource.update(vault, resourceId, inputs, subject.changed(id), context)
    if (operation === 'delete') await resource.delete(vault, resourceId, inputs, context)
  }

  const idOf = ({ token }: Subject, id: string): string =>
    ({
      'vault:index/mount:Mount': `orgs/${id}`,
      'vault:ldap/authBackendGroup:AuthBackendGroup': `auth/ldap/groups/${id}`,
      'vault:appRole/authBackendRole:AuthBackendRole': `auth/approle/role/${id}`,
      'vault:kv/secretV2:SecretV2': `kept/data/${id}`,
    })[token] ?? id

  /** Everything before the operation, undisturbed. */
  const prepare = async (subject: Subject, operation: Operation, id: string): Promise<void> => {
    for (const before of operations.slice(0, operations.indexOf(operation)))
      await run(root, { subject, operation: before, id })
  }

  /** What is there of a case, with its name taken out. */
  const worldOf = async ({ area }: Subject, id: string): Promise<readonly string[]> =>
    (await world.read(area, id)).map((line) => scrubbed(line).replaceAll(id, '<id>'))

  const clear = async (subject: Subject, id: string): Promise<void> => {
    await run(root, { subject, operation: 'delete', id })
    if (subject.token === 'vault:kv/secretV2:SecretV2') await root.destroySecret('kept', id)
  }

  const arm = (proxy: FaultProxy, { fault, nth, lasts }: Case): (() => Promise<void>) => {
    const kind = faultKinds[fault]
    if (kind === undefined) throw new Error(`no fault ${fault}`)
    let seen = 0
    proxy.faults.next = () => {
      seen += 1
      if (lasts ? seen < nth : seen !== nth) return undefined
      return kind === 'refusing' ? { kind: 'reset-before' } : kind
    }
    // A port that is shut stays shut for whoever asks, so it is shut before the first call.
    if (kind === 'refusing') proxy.refuse()
    return async () => {
      proxy.faults.next = () => undefined
      await proxy.refuse()()
    }
  }

  const checkMessage = (one: Case, error: unknown, address: string): void => {
    const told = JSON.stringify(one)
    if (!(error instanceof Fault)) throw new Error(`${told}: no fault but ${String(error)}`)
    const text = `${error.message} ${JSON.stringify(error.details)}`
    expect(error.details.endpoint, told).toBe(address)
    expect(error.details.hint ?? '', told).not.toBe('')
    expect(text, told).toContain(one.subject.named(one.id))
    expect(text, told).not.toContain(server.rootToken.reveal())
    expect(text, told).not.toContain('hidden-')
  }

  /** The world after the operation met the fault and was run again; its first failure was told well. */
  const disturbed = async (one: Case): Promise<readonly string[]> => {
    await prepare(one.subject, one.operation, one.id)
    const proxy = await startFaultProxy({ upstream: server.address })
    const quick = clientOf(proxy.address, true)
    const patient = clientOf(proxy.address, false)
    try {
      const disarm = arm(proxy, one)
      const error = await run(quick, one).then(
        () => undefined,
        (thrown: unknown) => thrown ?? new Error('thrown nothing'),
      )
      await disarm()
      expect(proxy.calls().length, JSON.stringify(one)).toBeLessThanOrEqual(mostAttempts * (one.calls + 2))
      countOf(one.fault).failedFirst += error === undefined ? 0 : 1
      if (error !== undefined) {
        checkMessage(one, error, proxy.address)
        const left = givenIds(await world.read(one.subject.area, one.id))
        await run(patient, one)
        // What the first try made was adopted, not made again.
        const now = givenIds(await world.read(one.subject.area, one.id))
        if (one.operation === 'create' && left.length > 0) expect(now, JSON.stringify(one)).toEqual(left)
      }
      return await worldOf(one.subject, one.id)
    } finally {
      await Promise.all([quick.close(), patient.close()])
      await proxy.stop()
      await clear(one.subject, one.id)
    }
  }

  it.each(subjects.map((subject) => [subject.token, subject] as const))(
    'leave %s as an undisturbed run does, after a second try',
    { timeout: 300_000 },
    async (_token, subject) => {
      const limit = pLimit(parallel)
      const slug = subject.token.split(':').at(-1)?.toLowerCase() ?? ''
      for (const operation of operations) {
        const proxy = await startFaultProxy({ upstream: server.address })
        const client = clientOf(proxy.address, false)
        const id = `${slug}-${operation}-calm`
        await prepare(subject, operation, id)
        await run(client, { subject, operation, id })
        const wanted = await worldOf(subject, id)
        const calls = proxy.calls().length
        await client.close()
        await proxy.stop()
        await clear(subject, id)
        expect(wanted.length > 0).toBe(operation !== 'delete' || subject.token.includes('secretV2'))
        expect(calls).toBeGreaterThan(0)
        const cases = Object.keys(faultKinds).flatMap((fault, at) =>
          Array.from({ length: calls }, (_, index) => index + 1).flatMap((nth) =>
            [true, false].map(
              (lasts): Case => ({
                subject,
                operation,
                fault,
                calls,
                nth,
                lasts,
                id: `${slug}-${operation}-${at}-${nth}-${lasts ? 'all' : 'one'}`,
              }),
            ),
          ),
        )
        const outcomes = await Promise.all(
          cases
            .filter(({ id: name }) => isTaken(name))
            .map((one) =>
              limit(async () => {
                const count = countOf(one.fault)
                const started = performance.now()
                count.cases += 1
                const found = await disturbed(one)
                count.milliseconds += performance.now() - started
                const isSame = JSON.stringify(found) === JSON.stringify(wanted)
                count.sameState += isSame ? 1 : 0
                return { ...one, isSame, found }
              }),
            ),
        )
        expect(outcomes.filter(({ isSame }) => !isSame)).toEqual([])
      }
    },
  )

  it('leave nothing behind, and were met', async () => {
    expect((await world.all()).filter((line) => /-(?:create|update|delete)-/.test(line))).toEqual([])
    expect(sum('cases')).toBeGreaterThan(isWhole ? 1400 : 250)
    expect(sum('failedFirst')).toBeGreaterThan(sum('cases') / 3)
    console.log(
      `Vault faults, seed ${seed}: ${sum('cases')} cases, ${sum('failedFirst')} failed at first, all ended the same`,
    )
  })
})
