import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Secret } from '../../src/core/secret.ts'
import { type JenkinsServer, startJenkins } from '../../src/lab/jenkins/serve-jenkins.ts'

const yaml = `jenkins:
  systemMessage: Builds of Acme
  numExecutors: 0
  mode: EXCLUSIVE
  securityRealm: { local: {} }
  authorizationStrategy:
    roleBased: { roles: { global: [{ name: all, permissions: ["Overall/Read"], entries: [] }] } }
`

describe('the Jenkins stand-in', () => {
  let server: JenkinsServer
  const authorization = `Basic ${Buffer.from('admin:pass').toString('base64')}`

  beforeAll(async () => {
    server = await startJenkins({ password: new Secret('pass') })
  })
  afterAll(() => server.stop())

  const call = async (
    method: string,
    path: string,
    body?: string,
    headers: Record<string, string> = { authorization },
  ) => {
    const response = await fetch(`${server.address}${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
    })
    return {
      status: response.status,
      version: response.headers.get('x-jenkins'),
      text: await response.text(),
    }
  }

  it('shows its log-in page to everyone and nothing else', async () => {
    const page = await call('GET', '/login', undefined, {})
    expect(page).toMatchObject({ status: 200 })
    expect(page.version).toMatch(/^2\.\d+/)
    expect((await call('GET', '/api/json', undefined, {})).status).toBe(403)
    const wrong = `Basic ${Buffer.from('admin:wrong').toString('base64')}`
    expect((await call('GET', '/api/json', undefined, { authorization: wrong })).status).toBe(401)
  })

  it('checks a configuration and says what is wrong with it', async () => {
    expect(JSON.parse((await call('POST', '/configuration-as-code/check', yaml)).text)).toEqual([])
    const bad = await call('POST', '/configuration-as-code/check', `${yaml}nonsense: 1\n`)
    expect(JSON.parse(bad.text)).toEqual([
      { line: expect.any(Number), warning: expect.stringContaining('nonsense') },
    ])
  })

  it('applies one that is right and refuses one that is wrong', async () => {
    expect(
      (await call('POST', '/configuration-as-code/apply', yaml.replace('EXCLUSIVE', 'LOUD'))).status,
    ).toBe(500)
    expect(JSON.parse((await call('GET', '/api/json')).text).description).toBeNull()
    expect((await call('POST', '/configuration-as-code/apply', yaml)).status).toBe(200)
    expect(JSON.parse((await call('GET', '/api/json')).text)).toMatchObject({
      description: 'Builds of Acme',
      numExecutors: 0,
      mode: 'EXCLUSIVE',
    })
  })

  it('refuses a document over the limit and unknown paths', async () => {
    expect((await call('POST', '/configuration-as-code/check', 'x'.repeat(5 * 1024 * 1024))).status).toBe(413)
    expect((await call('GET', '/nonsense')).status).toBe(404)
  })
})
