import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Registry } from '../../src/clients/registry.ts'
import { createWebhook } from '../../src/clients/registry-webhooks.ts'
import { Ucp } from '../../src/clients/ucp.ts'
import { listTeamMembers, listTeams } from '../../src/clients/ucp-accounts.ts'
import { childCollections } from '../../src/clients/ucp-collections.ts'
import { hasGrant, listGrants } from '../../src/clients/ucp-grants.ts'
import { createRole } from '../../src/clients/ucp-roles.ts'
import { Secret } from '../../src/core/secret.ts'
import { fastClock, thrownBy } from './provider-harness.ts'

type Answer = { status?: number; body?: unknown; text?: string; drop?: boolean; hang?: boolean }
type Handler = (call: { method: string; url: URL; token: string; body: unknown }) => Answer | Promise<Answer>

let server: Server
let handler: Handler
let calls: string[]
let ucp: Ucp

const reply = (response: ServerResponse, { status = 200, body, text, drop, hang }: Answer) => {
  if (drop === true) return response.destroy()
  if (hang === true) return
  response.writeHead(status, { 'content-type': 'application/json' })
  return response.end(text ?? (body === undefined ? '' : JSON.stringify(body)))
}

const read = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString()
  return text === '' ? undefined : JSON.parse(text)
}

beforeEach(async () => {
  calls = []
  server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://x')
    const method = request.method ?? ''
    calls.push(`${method} ${url.pathname}`)
    const token = (request.headers.authorization ?? '').replace('Bearer ', '')
    reply(response, await handler({ method, url, token, body: await read(request) }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  ucp = new Ucp({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    username: 'admin',
    password: new Secret('hunter22'),
    clock: fastClock(),
    http: { timeoutMilliseconds: 300 },
  })
})
afterEach(async () => {
  await ucp.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const loggedIn =
  (inner: Handler): Handler =>
  (call) =>
    call.url.pathname === '/auth/login' ? { body: { auth_token: 't' } } : inner(call)
const count = (what: string) => calls.filter((call) => call === what).length

describe('the session', () => {
  test('logs in once for many calls at once', async () => {
    handler = loggedIn(() => ({ body: {} }))
    await Promise.all(Array.from({ length: 20 }, () => ucp.get('/accounts/acme')))
    expect(count('POST /auth/login')).toBe(1)
  })

  test('logs in once more when many calls find it evicted, and replays them all', async () => {
    let valid = 't1'
    let logins = 0
    handler = ({ url, token }) => {
      if (url.pathname === '/auth/login') return { body: { auth_token: `t${++logins}` } }
      return token === valid ? { body: {} } : { status: 401, body: { message: 'session expired' } }
    }
    await ucp.get('/accounts/acme')
    valid = 't2'
    await Promise.all(Array.from({ length: 20 }, () => ucp.get('/accounts/acme')))
    expect(logins).toBe(2)
  })

  test('gives up after one new login that does not help', async () => {
    handler = loggedIn(() => ({ status: 401, body: { message: 'no' } }))
    expect(await thrownBy(ucp.get('/x'))).toMatchObject({ code: 'unauthenticated' })
    expect(count('POST /auth/login')).toBe(2)
  })

  test('tries a login again that failed for another reason', async () => {
    let isUp = false
    handler = ({ url }) => {
      if (url.pathname !== '/auth/login') return { body: {} }
      return isUp ? { body: { auth_token: 't' } } : { status: 500 }
    }
    expect(await thrownBy(ucp.get('/x'))).toMatchObject({ code: 'unavailable' })
    isUp = true
    expect(await ucp.get('/x')).toEqual({})
  })

  test('never shows the password', async () => {
    handler = () => ({ status: 401, text: 'bad credentials' })
    const error = await thrownBy(ucp.get('/x'))
    expect(JSON.stringify(error) + error.message + String(error.stack)).not.toContain('hunter22')
  })
})

describe('a refusal', () => {
  test('names the collection’s path in place of its id', async () => {
    handler = loggedIn(({ url }) =>
      url.pathname.startsWith('/collections/')
        ? { body: { id: 'c-1', path: '/Run/Std' } }
        : {
            status: 403,
            body: { message: 'access denied:\nno access to Service Create, on collection c-1' },
          },
    )
    const error = await thrownBy(ucp.json({ method: 'POST', path: '/services/create', body: {} }))
    expect(error).toMatchObject({ code: 'forbidden' })
    expect(error.message).toContain('access denied: no access to Service Create, on collection /Run/Std')
  })

  test('keeps the id where the path cannot be found out', async () => {
    handler = loggedIn(() => ({ status: 403, body: { message: 'no access to X, on collection c-1' } }))
    expect((await thrownBy(ucp.get('/x'))).message).toContain('on collection c-1')
  })
})

describe('writes whose answer was lost', () => {
  test.each(['PUT', 'PATCH', 'DELETE'] as const)('are repeated for %s', async (method) => {
    let lost = 2
    handler = loggedIn(() => (lost-- > 0 ? { drop: true } : { status: 204 }))
    await ucp.send({ method, path: '/x' })
    expect(count(`${method} /x`)).toBe(3)
  })

  test.each([502, 504])(
    'are not repeated for POST, also behind a gateway that answers %i',
    async (status) => {
      handler = loggedIn(() => ({ status }))
      expect(await thrownBy(ucp.send({ method: 'POST', path: '/x' }))).toMatchObject({
        code: 'outcome-unknown',
      })
      expect(count('POST /x')).toBe(1)
    },
  )

  test('are repeated once where the server hangs, which costs a whole deadline', async () => {
    handler = loggedIn(() => ({ hang: true }))
    const error = await thrownBy(ucp.send({ method: 'PUT', path: '/x' }))
    expect(error.message).toContain('did not answer PUT /x within 0.3 s')
    expect(count('PUT /x')).toBe(2)
  })

  test('end after a bounded number of tries', async () => {
    handler = loggedIn(() => ({ drop: true }))
    expect(await thrownBy(ucp.send({ method: 'PUT', path: '/x' }))).toMatchObject({ code: 'outcome-unknown' })
    expect(count('PUT /x')).toBe(4)
  })
})

describe('a server that is busy', () => {
  test('is asked again when it said so, also for a POST', async () => {
    let busy = 2
    handler = loggedIn(() => (busy-- > 0 ? { status: 429 } : { status: 201, body: { id: 'x' } }))
    expect(await ucp.json({ method: 'POST', path: '/x', body: {} })).toEqual({ id: 'x' })
    expect(count('POST /x')).toBe(3)
  })

  test('is given up on after a bounded number of tries', async () => {
    handler = loggedIn(() => ({ status: 429 }))
    expect(await thrownBy(ucp.get('/x'))).toMatchObject({ code: 'rate-limited' })
    expect(count('GET /x')).toBe(4)
  })

  test('is not asked again after a cancel', async () => {
    const stopping = new AbortController()
    handler = loggedIn(() => {
      stopping.abort()
      return { status: 429 }
    })
    const error = await thrownBy(ucp.within({ signal: stopping.signal }).get('/x'))
    expect(error.name).toMatch(/Fault|AbortError/)
    expect(count('GET /x')).toBe(1)
  })
})

describe('lists', () => {
  const teams = Array.from({ length: 1200 }, (_, index) => {
    const name = `team-${String(index).padStart(4, '0')}`
    return { id: `id-${index}`, name, orgID: 'o' }
  })
  const page = (url: URL, cap: number) => {
    const start = url.searchParams.get('start') ?? ''
    const limit = Math.min(cap, Number(url.searchParams.get('limit') ?? 10))
    const from = teams.filter(({ name }) => name >= start)
    return { items: from.slice(0, limit), next: from[limit]?.name ?? '' }
  }

  test.each([10, 100, 5000])('are read to their end by the server’s marker, %i a page', async (cap) => {
    handler = loggedIn(({ url }) => {
      const { items, next } = page(url, cap)
      return { body: { teams: items, nextPageStart: next } }
    })
    expect((await listTeams(ucp, 'acme')).map(({ id }) => id)).toEqual(teams.map(({ id }) => id))
  })

  test('are read to their end where old servers give no marker', async () => {
    handler = loggedIn(({ url }) => ({ body: { teams: page(url, 5000).items } }))
    expect(await listTeams(ucp, 'acme')).toHaveLength(teams.length)
  })

  test('end where a server repeats itself', async () => {
    handler = loggedIn(() => ({ body: { teams: teams.slice(0, 3), nextPageStart: 'team-0000' } }))
    expect(await listTeams(ucp, 'acme')).toHaveLength(3)
  })

  test('that are bare are read on from the last item', async () => {
    const children = Array.from({ length: 1100 }, (_, index) => ({
      id: `c${String(index).padStart(4, '0')}`,
      path: `/c${index}`,
    }))
    handler = loggedIn(({ url }) => {
      const start = url.searchParams.get('start') ?? ''
      const limit = Number(url.searchParams.get('limit') ?? 10)
      return { body: children.filter(({ id }) => id >= start).slice(0, limit) }
    })
    expect(await childCollections(ucp, 'swarm')).toHaveLength(1100)
  })

  test('of members have their users', async () => {
    handler = loggedIn(() => ({
      body: { members: [{ member: { id: 'u1', name: 'ada' }, isAdmin: true }], nextPageStart: '' },
    }))
    expect(await listTeamMembers(ucp, 'acme', 'dev')).toEqual([{ userId: 'u1', user: 'ada', isAdmin: true }])
  })

  test('of grants may be null', async () => {
    handler = loggedIn(() => ({ body: { grants: null, subjects: null } }))
    expect(await listGrants(ucp, {})).toEqual([])
    expect(await hasGrant(ucp, { subjectId: 's', collectionId: 'c', roleId: 'r' })).toBe(false)
  })
})

test.each([
  ['an object', { id: 'r1' }],
  ['a list of one', [{ id: 'r1' }]],
])('a role’s create may answer %s', async (_, body) => {
  handler = loggedIn(() => ({ status: 201, body }))
  expect(await createRole(ucp, { name: 'r', operations: {} })).toBe('r1')
})

test('an answer that is no JSON is a fault that names the endpoint', async () => {
  handler = loggedIn(() => ({ text: '<html>sign in</html>' }))
  expect(await thrownBy(ucp.get('/x'))).toMatchObject({ code: 'protocol' })
})

describe('the registry', () => {
  const wanted = { type: 'TAG_PUSH', key: 'acme/api', endpoint: 'https://x' }
  const hook = { ...wanted, id: 'h1', inactive: false }

  test.each([
    ['an object', hook],
    ['a list of one', [hook]],
    ['a list of all', [{ ...hook, id: 'h0', endpoint: 'https://y' }, hook]],
  ])('may answer a webhook’s create with %s', async (_, body) => {
    handler = () => ({ body })
    const registry = new Registry({ endpoint: ucp.endpoint, username: 'u', token: new Secret('token-x') })
    expect((await createWebhook(registry, wanted)).id).toBe('h1')
    await registry.close()
  })
})
