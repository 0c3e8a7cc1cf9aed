import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import type { Caller } from '../../../src/lab/ucp/access.ts'
import { Router } from '../../../src/lab/ucp/router.ts'

const user: Caller = { id: '1', name: 'ada', isAdmin: false }
const request = new IncomingMessage(new Socket())

const router = new Router([
  {
    method: 'GET',
    pattern: '/things/:name',
    style: 'native',
    access: 'user',
    handle: (call) => ({ status: 200, body: [call.param('name'), call.caller.name, call.query.get('q')] }),
  },
  { method: 'POST', pattern: '/things', style: 'enzi', access: 'admin', handle: () => ({ status: 201 }) },
  { method: 'GET', pattern: '/open', style: 'native', access: 'anyone', handle: () => ({ status: 200 }) },
])

const answer = (method: string, url: string) => router.match(method, url)?.answer(request, () => user)

describe('the router', () => {
  it.each(['/things/a%2Fb?q=1', '/things/a%2Fb/?q=1', '//things/a%2Fb?q=1'])('finds %s', async (url) => {
    expect(await answer('GET', url)).toEqual({ status: 200, body: ['a/b', 'ada', '1'] })
  })

  it('leaves unknown paths to others and refuses another method', async () => {
    expect(router.match('GET', '/services')).toBeUndefined()
    await expect(answer('PUT', '/things/a')).rejects.toMatchObject({ status: 405 })
  })

  it('keeps everybody but admins out of an admin’s route, and asks nobody on an open one', async () => {
    await expect(answer('POST', '/things')).rejects.toMatchObject({ status: 403 })
    const nobody = (): Caller => {
      throw new Error('asked')
    }
    await expect(router.match('GET', '/open')?.answer(request, nobody)).resolves.toEqual({ status: 200 })
  })

  it('refuses a path that is not encoded correctly', async () => {
    await expect(answer('GET', '/things/%zz')).rejects.toMatchObject({ status: 400 })
  })
})
