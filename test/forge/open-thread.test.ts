import { describe, expect, test } from 'vitest'
import { Fault } from '../../src/core/fault.ts'
import { Secret } from '../../src/core/secret.ts'
import type { ThreadAddress } from '../../src/forge/ci-place.ts'
import { openThread } from '../../src/forge/open-thread.ts'
import { postFault } from '../../src/forge/post-fault.ts'

const token = new Secret('ghs_0123456789')
const github = (endpoint: string, graphqlEndpoint: string): ThreadAddress => ({
  forge: 'github',
  endpoint,
  graphqlEndpoint,
  repository: 'bank/tenants',
  number: 7,
})
const gitlab = (endpoint: string): ThreadAddress => ({ forge: 'gitlab', endpoint, project: '42', number: 7 })

describe('a token', () => {
  test.each([
    [
      'GitHub without TLS',
      github('http://github.bank.example/api/v3', 'https://github.bank.example/api/graphql'),
    ],
    [
      'its GraphQL without TLS',
      github('https://github.bank.example/api/v3', 'http://github.bank.example/graphql'),
    ],
    ['GitLab without TLS', gitlab('http://gitlab.bank.example/api/v4')],
    ['a name that begins like this machine’s', gitlab('http://127.0.0.1.evil.example/api/v4')],
  ])('is not sent to %s', (_, address) => {
    expect(() => openThread(address, token)).toThrow(Fault)
  })

  test('is sent by TLS, and to this machine', async () => {
    for (const address of [
      github('https://api.github.com', 'https://api.github.com/graphql'),
      gitlab('https://gitlab.bank.example/api/v4'),
      gitlab('http://127.0.0.1:8080/api/v4'),
    ])
      await openThread(address, token).close()
  })
})

describe('a fault of posting', () => {
  test.each([
    ['forbidden', 'github', 'pull-requests: write'],
    ['forbidden', 'gitlab', '`api`'],
    ['unauthenticated', 'gitlab', 'TENANTRY_FORGE_TOKEN'],
    ['not-found', 'github', 'GITHUB_TOKEN'],
    ['unavailable', 'github', 'Run the job again'],
    ['rate-limited', 'gitlab', 'Run the job again'],
  ] as const)('%s on %s tells where the report is, and the way out', (code, forge, hint) => {
    const fault = postFault(new Fault(code, 'It said no.'), forge, '.tenantry/ci/comment.md') as Fault
    expect(fault).toMatchObject({ code, details: { hint: expect.stringContaining(hint) } })
    expect(fault.message).toContain('.tenantry/ci/comment.md')
  })

  test('is none where something else broke', () => {
    const bug = new TypeError('x')
    expect(postFault(bug, 'github', 'f')).toBe(bug)
  })
})
