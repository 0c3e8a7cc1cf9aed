import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { ImageRegistry, type ImageRegistryOptions } from '../../src/clients/image-registry.ts'
import { isFault } from '../../src/core/fault.ts'
import { Secret } from '../../src/core/secret.ts'
import { wholeOf } from '../../src/image/meter.ts'

type Handler = (request: IncomingMessage, response: ServerResponse, origin: string) => void

const servers: Server[] = []
const clients: ImageRegistry[] = []

/** A server on loopback that does what it is told, also what no honest one does. */
const serve = async (handler: Handler): Promise<string> => {
  const server = createServer((request, response) => handler(request, response, origin))
  servers.push(server)
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return origin
}

const open = (endpoint: string, more: Partial<ImageRegistryOptions> = {}): ImageRegistry => {
  const client = new ImageRegistry({ endpoint, sleep: async () => undefined, ...more })
  clients.push(client)
  return client
}

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()))
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

const reader = { username: 'reader', password: new Secret('reads-images') }
const basic = `Basic ${Buffer.from('reader:reads-images').toString('base64')}`
const digest = `sha256:${'a'.repeat(64)}`
const blobOf = async (client: ImageRegistry): Promise<string> =>
  (await wholeOf(client.blob('retail/api', digest), 10_000)).toString()

const challenge = (response: ServerResponse, header: string): void => {
  response.writeHead(401, { 'www-authenticate': header }).end('{"errors":[{"code":"UNAUTHORIZED"}]}')
}

describe('ImageRegistry', () => {
  it('fetches a token where it is asked for one, once for a repository', async () => {
    const asked: string[] = []
    const endpoint = await serve((request, response, origin) => {
      if (request.url?.startsWith('/token') === true) {
        asked.push(`${request.url} ${request.headers.authorization}`)
        response.end('{"token":"t0"}')
      } else if (request.headers.authorization === 'Bearer t0') response.end('content')
      else
        challenge(
          response,
          `Bearer realm="${origin}/token",service="lab",scope="repository:retail/api:pull,push"`,
        )
    })
    const client = open(endpoint, reader)
    expect([await blobOf(client), await blobOf(client)]).toEqual(['content', 'content'])
    expect(asked).toEqual([`/token?scope=repository%3Aretail%2Fapi%3Apull&service=lab ${basic}`])
  })

  it('sends the password where basic authentication is asked for', async () => {
    const endpoint = await serve((request, response) => {
      if (request.headers.authorization === basic) response.end('content')
      else challenge(response, 'Basic realm="lab"')
    })
    expect(await blobOf(open(endpoint, reader))).toBe('content')
  })

  it('does not send the password to a token server that nobody named', async () => {
    let wasAsked = false
    const other = await serve((_, response) => {
      wasAsked = true
      response.end('{"token":"t0"}')
    })
    const endpoint = await serve((request, response) => {
      if (request.headers.authorization === 'Bearer t0') response.end('content')
      else challenge(response, `Bearer realm="${other}/token"`)
    })
    await expect(blobOf(open(endpoint, reader))).rejects.toMatchObject({ code: 'unauthenticated' })
    expect(wasAsked).toBe(false)
    expect(await blobOf(open(endpoint, { ...reader, tokenHost: new URL(other).host }))).toBe('content')
  })

  it('says who was not let in, without the password', async () => {
    const endpoint = await serve((_, response) => challenge(response, 'Basic realm="lab"'))
    const fault: unknown = await blobOf(open(endpoint, reader)).catch((error: unknown) => error)
    expect(fault).toMatchObject({ code: 'unauthenticated', message: expect.stringContaining('reader') })
    expect(JSON.stringify(fault) + String(fault)).not.toContain('reads-images')
  })

  it('follows a redirection to another server without our credentials', async () => {
    const seen: (string | undefined)[] = []
    const storage = await serve((request, response) => {
      seen.push(request.headers.authorization)
      response.end('content')
    })
    const endpoint = await serve((request, response) => {
      if (request.headers.authorization !== basic) challenge(response, 'Basic realm="lab"')
      else response.writeHead(307, { location: `${storage}/there?signature=x` }).end()
    })
    expect(await blobOf(open(endpoint, reader))).toBe('content')
    expect(seen).toEqual([undefined])
  })

  it('does not run in circles, nor to what is no server', async () => {
    for (const location of ['/v2/again', 'file:///etc/passwd', 'no url %%%']) {
      const endpoint = await serve((_, response) => response.writeHead(302, { location }).end())
      const fault: unknown = await blobOf(open(endpoint)).catch((error: unknown) => error)
      expect(isFault(fault, 'protocol') || isFault(fault, 'not-found')).toBe(true)
    }
  })

  it.each([
    ['that knows ranges', true],
    ['that does not', false],
  ])('goes on with a blob that broke, at a server %s', async (_, knowsRanges) => {
    const content = 'x'.repeat(3000) + 'y'.repeat(3000)
    const asked: (string | undefined)[] = []
    const endpoint = await serve((request, response) => {
      const { range } = request.headers
      asked.push(range)
      if (range === undefined) {
        response.writeHead(200, { 'content-length': content.length })
        response.write(content.slice(0, 3500), () => setImmediate(() => response.destroy()))
        return
      }
      const from = Number(/^bytes=(\d+)-$/.exec(range)?.[1])
      if (!knowsRanges) response.end(content)
      else response.writeHead(206, { 'content-range': `bytes ${from}-5999/6000` }).end(content.slice(from))
    })
    expect(await blobOf(open(endpoint))).toBe(content)
    expect(asked.length).toBeGreaterThan(1)
  })

  it('gives up a blob that breaks again and again', async () => {
    let count = 0
    const endpoint = await serve((_, response) => {
      count++
      response.writeHead(200, { 'content-length': 100 })
      response.write('x', () => setImmediate(() => response.destroy()))
    })
    await expect(blobOf(open(endpoint))).rejects.toMatchObject({ code: 'unreachable' })
    expect(count).toBeLessThanOrEqual(4)
  })

  it('does not hold a manifest of gigabytes, and sends no name that is none', async () => {
    const endpoint = await serve((_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536, 'x')));
        if (!response.destroyed) response.once('drain', more)
      }
      more()
    })
    await expect(open(endpoint).manifest('retail/api', '1.0', 100_000)).rejects.toMatchObject({
      code: 'protocol',
    })
    await expect(open(endpoint).manifest('../../etc', '1.0', 100)).rejects.toMatchObject({
      code: 'invalid-request',
    })
  })
})
