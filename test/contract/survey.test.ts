import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Registry } from '../../src/clients/registry.ts'
import { Ucp } from '../../src/clients/ucp.ts'
import { listCollections } from '../../src/clients/ucp-collection-list.ts'
import { Vault } from '../../src/clients/vault.ts'
import { Secret } from '../../src/core/secret.ts'
import type { Connected } from '../../src/deploy/connected.ts'
import { registryThings } from '../../src/survey/registry-things.ts'
import { surveyCluster } from '../../src/survey/survey-cluster.ts'
import { ucpThings } from '../../src/survey/ucp-things.ts'
import { vaultThings } from '../../src/survey/vault-things.ts'
import { fastClock } from './provider-harness.ts'

type Answer = { readonly status?: number; readonly body: unknown }
type Handler = (url: URL) => Answer | undefined

let server: Server
let handler: Handler
let endpoint: string

beforeEach(async () => {
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://x')
    const login: Answer | undefined =
      url.pathname === '/auth/login' ? { body: { auth_token: 't' } } : undefined
    const { status = 200, body } = login ?? handler(url) ?? { status: 404, body: { message: 'none' } }
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const withUcp = async <T>(act: (ucp: Ucp) => Promise<T>): Promise<T> => {
  const ucp = new Ucp({
    endpoint,
    username: 'platform',
    password: new Secret('hunter22'),
    clock: fastClock(),
    http: { timeoutMilliseconds: 2_000 },
  })
  return act(ucp).finally(() => ucp.close())
}

const collection = (id: string, path: string, label = '') => ({
  id,
  name: path.slice(path.lastIndexOf('/') + 1),
  path,
  legacylabelkey: label === '' ? '' : 'tenantry',
  legacylabelvalue: label,
})

describe('listCollections', () => {
  const many = Array.from({ length: 2_345 }, (_, index) => collection(`id-${index}`, `/Run/Std/org-${index}`))
  const page = (from: number, url: URL) => ({
    body: many.slice(from, from + Number(url.searchParams.get('limit'))),
  })

  test.each<[string, Handler]>([
    [
      'the id of the next page’s first, or of the last one’s last',
      (url) => {
        const start = url.searchParams.get('start')
        return page(start === null ? 0 : many.findIndex(({ id }) => id === start), url)
      },
    ],
    [
      'a number, and refuses an id',
      (url) => {
        const start = Number(url.searchParams.get('start') ?? '0')
        return Number.isNaN(start) ? { status: 400, body: { message: 'start' } } : page(start, url)
      },
    ],
    [
      'a number, and takes an id for the beginning',
      (url) => {
        const start = Number(url.searchParams.get('start') ?? '0')
        return page(Number.isNaN(start) ? 0 : start, url)
      },
    ],
    [
      'an id, and gives no more than 500 at once',
      (url) => {
        const start = url.searchParams.get('start')
        const from = start === null ? 0 : many.findIndex(({ id }) => id === start)
        return { body: from < 0 ? [] : many.slice(from, from + 500) }
      },
    ],
  ])('finds every one where `start` is %s', async (_, answer) => {
    handler = answer
    const found = await withUcp(listCollections)
    expect(found.map(({ id }) => id)).toEqual(many.map(({ id }) => id))
  })
})

/** A cluster with one organization, one team, and somebody who made himself at home. */
const world: Readonly<Record<string, unknown>> = {
  '/collections': [
    collection('root', '/'),
    collection('std', '/Run/Std', 'nonprod.platform:/Run/Std'),
    collection('acme', '/Run/Std/acme', 'nonprod.acme:/Run/Std/acme'),
    collection('ghost', '/Run/Std/ghost'),
    collection('home', '/Shared/Private/jdoe'),
  ],
  '/accounts/acme': { id: 'org-acme', name: 'acme', isOrg: true },
  '/accounts/acme/teams': {
    teams: [
      { id: 'team-dev', name: 'developers', description: 'Developers [tenantry:nonprod.acme]' },
      { id: 'team-back', name: 'backdoor', description: '' },
    ],
  },
  '/accounts/u-jdoe': { id: 'u-jdoe', name: 'jdoe', isOrg: false },
  '/accounts/u-platform': { id: 'u-platform', name: 'platform', isOrg: false },
  '/accounts/org-other': { id: 'org-other', name: 'docker-datacenter', isOrg: true },
  '/roles': [
    { id: 'r1', name: 'developer-nonprod-1f2e3d4c', system_role: false },
    { id: 'fullcontrol', name: 'Full Control', system_role: true },
  ],
  '/collectionGrants': {
    grants: [
      { subjectID: 'team-dev', objectID: 'acme', roleID: 'r1' },
      { subjectID: 'u-jdoe', objectID: 'std', roleID: 'fullcontrol' },
      { subjectID: 'u-jdoe', objectID: 'home', roleID: 'fullcontrol' },
      { subjectID: 'u-platform', objectID: 'std', roleID: 'fullcontrol' },
      { subjectID: 'org-other', objectID: 'root', roleID: 'fullcontrol' },
      { subjectID: 'team-of-others', objectID: 'std', roleID: 'fullcontrol' },
      { subjectID: 'team-dev', objectID: 'gone', roleID: 'r1' },
    ],
  },
}

const inWorld: Handler = ({ pathname }) =>
  Object.hasOwn(world, pathname) ? { body: world[pathname] } : undefined

describe('ucpThings', () => {
  test('tells collections, teams and grants by the names that files have for them', async () => {
    handler = inWorld
    const things = await withUcp((ucp) =>
      ucpThings({ ucp, organizations: ['acme', 'not-made-yet'], account: 'platform' }),
    )
    expect(things.map(({ kind, name, owner }) => [kind, name, owner ?? '-'].join(' · '))).toEqual([
      'collection · / · -',
      'collection · /Run/Std · nonprod.platform',
      'collection · /Run/Std/acme · nonprod.acme',
      'collection · /Run/Std/ghost · -',
      'collection · /Shared/Private/jdoe · -',
      'team · acme/developers · nonprod.acme',
      'team · acme/backdoor · -',
      'grant · acme/developers: developer-nonprod-1f2e3d4c on /Run/Std/acme · -',
      'grant · user jdoe: fullcontrol on /Run/Std · -',
      'grant · docker-datacenter: fullcontrol on / · -',
      'grant · team-of-others: fullcontrol on /Run/Std · -',
    ])
  })
})

describe('registryThings', () => {
  test('tells the repositories of organizations, with their owner’s mark', async () => {
    handler = ({ pathname }) =>
      pathname === '/api/v0/repositories/acme'
        ? {
            body: {
              repositories: [
                { id: '1', name: 'shop', longDescription: 'Managed by Tenantry: nonprod.acme' },
                { id: '2', name: 'miner' },
              ],
            },
          }
        : undefined
    const registry = new Registry({ endpoint, username: 'platform', token: new Secret('token-1') })
    const things = await registryThings(registry, ['acme', 'none']).finally(() => registry.close())
    expect(things).toEqual([
      { kind: 'repository', name: 'acme/shop', owner: 'nonprod.acme' },
      { kind: 'repository', name: 'acme/miner' },
    ])
  })
})

describe('vaultThings', () => {
  test('tells the organizations’ mounts and no others', async () => {
    handler = () => ({
      body: {
        data: {
          'sys/': { type: 'system', description: null },
          'orgs/acme/': { type: 'kv', description: 'Secrets of Acme [tenantry:nonprod.acme]' },
          'orgs/ghost/': { type: 'kv', description: '' },
        },
      },
    })
    const vault = new Vault({ address: endpoint, token: new Secret('token-1') })
    const things = await vaultThings(vault).finally(() => vault.close())
    expect(things).toEqual([
      { kind: 'vault mount', name: 'orgs/acme', owner: 'nonprod.acme' },
      { kind: 'vault mount', name: 'orgs/ghost' },
    ])
  })
})

describe('surveyCluster', () => {
  test('sees the rest where a system cannot be read, and names that one', async () => {
    handler = inWorld
    const missing = () => {
      throw new Error('nobody asks for it')
    }
    const connected: Connected = {
      ucp: () => ({ endpoint, username: 'platform', password: new Secret('hunter22') }),
      registry: () => ({ endpoint, username: 'platform', token: new Secret('token-1') }),
      docker: () => ({
        host: `tcp://127.0.0.1:1`,
        caMaterial: '',
        certMaterial: '',
        keyMaterial: new Secret(''),
      }),
      vault: missing,
      vcenter: missing,
    }
    const state = { stack: 'nonprod.acme', cluster: 'nonprod', organization: 'acme', resources: [] }
    const { things, blindSpots } = await surveyCluster({ cluster: 'nonprod', connected, states: [state] })
    expect(things.some(({ name }) => name === 'acme/backdoor')).toBe(true)
    expect(blindSpots.map(({ cluster, system }) => `${cluster} ${system}`)).toEqual(['nonprod Docker'])
  })
})
