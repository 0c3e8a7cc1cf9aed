import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Vault } from '../../src/clients/vault.ts'
import type { Secret } from '../../src/core/secret.ts'
import { destroyStack, refreshStack } from '../../src/engine/run-stack.ts'
import type { StackResult } from '../../src/engine/stack-result.ts'
import type { ClusterLab } from '../../src/lab/cluster-lab.ts'
import type { FaultProxy } from '../../src/lab/fault-proxy.ts'
import type { InjectedFault } from '../../src/lab/faults.ts'
import { writePrivate } from '../../src/lab/layout.ts'
import type { StackState } from '../../src/model/desired-state.ts'
import { missingPart } from '../missing-part.ts'
import { failuresOf, type LabSession, openLabSession } from './lab-session.ts'
import { SecretSearch } from './secret-search.ts'
import { missedWorld, readSettledWorld, type World } from './world.ts'

const organization = 'data-science'
const stack = `nonprod.${organization}`

let session: LabSession
let state: StackState
let undisturbed: World
let root: Vault
/** Calls of one undisturbed run that change something in Vault. */
let writes: number
const tokens: Secret[] = []

const nonprod = (): ClusterLab => {
  const found = session.lab.clusters.find(({ cluster }) => cluster.cluster === 'nonprod')
  if (found === undefined) throw new Error('no nonprod')
  return found
}

const proxy = (): FaultProxy => {
  const { vault } = nonprod()
  if (vault.proxy === undefined) throw new Error('no proxy before Vault')
  return vault.proxy
}

const tokenFile = (): string => join(session.lab.layout.secrets, 'nonprod', 'vault-token')

const up = async (): Promise<StackResult> => {
  const { results } = await session.run('up', [state])
  const [result] = results
  if (result === undefined) throw new Error('no run')
  return result
}

/** Takes the organization away, and its mount, which a run keeps. */
const remove = async (): Promise<void> => {
  const { engine, environment } = session
  expect(failuresOf([await destroyStack({ stack, engine, environment })])).toEqual([])
  await root.disableMount(`orgs/${organization}`)
}

const isWrite = (method: string | undefined, url: string | undefined): boolean =>
  method !== 'GET' && !(url ?? '').includes('/auth/token/')

/** Each call that changes something in Vault, counted; what `act` answers happens to it. */
const onWrite = (act: (count: number) => InjectedFault | undefined): (() => number) => {
  let count = 0
  proxy().faults.next = ({ method, url }) => {
    if (!isWrite(method, url)) return undefined
    count += 1
    return act(count)
  }
  return () => count
}

const calm = (): void => {
  proxy().faults.next = () => undefined
}

const revoke = async (token: string): Promise<void> => {
  const { vault } = nonprod()
  const answer = await fetch(`${vault.address}/v1/auth/token/revoke`, {
    method: 'POST',
    headers: { 'x-vault-token': vault.rootToken.reveal() },
    body: JSON.stringify({ token }),
  })
  expect(answer.status).toBe(204)
}

const currentToken = (): Promise<string> => readFile(tokenFile(), 'utf8')

/** What an administrator does about it. */
const renew = async (): Promise<void> => {
  const token = await root.createToken({ policies: ['tenantry-platform'], periodSeconds: 3600 })
  tokens.push(token)
  await writePrivate(tokenFile(), token.reveal())
}

beforeAll(async () => {
  session = await openLabSession({ faultProxies: true })
  const { vault } = nonprod()
  if (vault.reality !== 'real') missingPart('vault', 'tokens that the real Vault revokes')
  tokens.push(vault.platformToken, vault.rootToken)
  root = new Vault({ address: vault.address, token: vault.rootToken })
  const states = await session.stacks([organization])
  const here = states.filter(({ cluster }) => cluster === 'nonprod')
  const found = here.find((one) => one.stack === stack)
  if (found === undefined) throw new Error('no stack')
  state = found
  const { results } = await session.run(
    'up',
    here.filter((one) => one !== found),
  )
  expect(failuresOf(results)).toEqual([])
  const count = onWrite(() => undefined)
  expect(failuresOf([await up()])).toEqual([])
  writes = count()
  calm()
  undisturbed = await readSettledWorld(session.lab, nonprod())
})

afterAll(async () => {
  await root?.close()
  await session?.close()
})

/** A failed run tells which organization, what of it, where, and what to do, and shows no token. */
const expectTold = (result: StackResult): void => {
  expect(result.outcome).toBe('failed')
  expect(result.stack).toBe(stack)
  const told = result.diagnostics.filter(({ message }) => message.includes('invalid token'))
  expect(told.length, JSON.stringify(result.diagnostics)).toBeGreaterThan(0)
  for (const { message, hint, resource } of told) {
    const text = `${message} ${hint ?? ''}`
    expect(`${resource ?? ''} ${text}`).toMatch(/data-science|ds-scientists/)
    expect(text).toContain(nonprod().vault.address)
    expect(text).toMatch(/token is wrong, has expired or was revoked.*token file.*run again/)
  }
  const search = new SecretSearch(tokens.map((token, at) => ({ name: `token ${at}`, value: token.reveal() })))
  expect(search.text('the result', JSON.stringify(result))).toEqual([])
}

const expectSameEnd = async (): Promise<void> => {
  await renew()
  expect(failuresOf([await up()])).toEqual([])
  expect(await missedWorld(undisturbed, session.lab, nonprod())).toEqual([])
  const again = await up()
  expect(failuresOf([again])).toEqual([])
  expect(again.counts.same).toBe(again.resources.length)
}

test('a token revoked before a run is told, and the next run with a good one ends as ever', async () => {
  await remove()
  await revoke(await currentToken())
  const before = proxy().calls().length
  expectTold(await up())
  const changed = proxy()
    .calls()
    .slice(before)
    .filter(({ method, status }) => isWrite(method, '') && status < 400)
  expect(changed).toEqual([])
  await expectSameEnd()
})

test('a token revoked in the middle of a run is told, and the next run finishes what it began', async () => {
  await remove()
  const token = await currentToken()
  const middle = Math.ceil(writes / 2)
  let revoking: Promise<void> | undefined
  const count = onWrite((at) => {
    if (at < middle) return undefined
    revoking ??= revoke(token)
    // It reaches Vault when the token is gone.
    return { kind: 'slow', milliseconds: 500 }
  })
  const result = await up()
  await revoking
  calm()
  expect(count()).toBeGreaterThanOrEqual(middle)
  expectTold(result)
  expect(await root.readMount(`orgs/${organization}`)).toBeDefined()
  await expectSameEnd()
})

test.each<[string, InjectedFault, RegExp]>([
  [
    'sealed',
    { kind: 'status', status: 503, body: { errors: ['Vault is sealed'] } },
    /Vault is sealed.*unseal it, then run again/,
  ],
  [
    'a standby that sends its callers elsewhere',
    { kind: 'status', status: 307, body: '', headers: { location: 'http://127.0.0.1:1/' } },
    /307.*address/,
  ],
  [
    'limiting its callers for an hour',
    { kind: 'status', status: 429, body: { errors: ['limit'] }, headers: { 'retry-after': '3600' } },
    /3600 s.*run again/,
  ],
])('a Vault that is %s is told, and the next run ends as ever', async (_, fault, hint) => {
  await remove()
  proxy().faults.next = ({ method, url }) => (isWrite(method, url) && url !== undefined ? fault : undefined)
  const result = await up()
  calm()
  expect(result.outcome).toBe('failed')
  const text = result.diagnostics.map((one) => `${one.message} ${one.hint ?? ''}`).join('\n')
  expect(text).toContain(nonprod().vault.address)
  expect(text).toMatch(hint)
  await expectSameEnd()
})

test('a token that is another since the last run is no hindrance to a refresh or a destroy', async () => {
  const { engine, environment } = session
  const replaceToken = async (): Promise<void> => {
    await revoke(await currentToken())
    await renew()
  }
  await replaceToken()
  expect(failuresOf([await refreshStack({ stack, engine, environment })])).toEqual([])
  await replaceToken()
  await remove()
  await expectSameEnd()
})
