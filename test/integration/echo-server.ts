import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createAuthority } from '../../src/lab/certificates.ts'

/** A server that has nothing, refuses every change and repeats the whole request in its answer, headers and body. */
export interface EchoServer {
  /** `host:port`. */
  readonly host: string
  readonly caCertificate: string
  readonly calls: () => number
  readonly answer: (status: number) => void
  readonly stop: () => Promise<void>
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString('utf8')
}

/** In the forms of UCP and Docker, of Vault, and of SOAP, whichever the client reads. */
const refusal = (request: IncomingMessage, body: string): string => {
  const said = `refused ${JSON.stringify(request.headers)} ${body}`
  if (!(request.headers['content-type'] ?? '').includes('xml'))
    return JSON.stringify({ message: said, errors: [said] })
  const text = said.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body><Fault><faultcode>Server</faultcode><faultstring>${text}</faultstring></Fault></Body></Envelope>`
}

/** Starts one on a free port of 127.0.0.1. */
export const startEchoServer = async (): Promise<EchoServer> => {
  const authority = await createAuthority('echo root CA')
  const { certificate, key } = await authority.issueServer('echo')
  let status = 400
  let calls = 0
  const server = createServer({ cert: certificate, key }, async (request, response) => {
    calls += 1
    const text = refusal(request, await bodyOf(request))
    const isThere = request.method !== 'GET' && request.method !== 'HEAD'
    response.writeHead(isThere ? status : 404, {
      'content-type': request.headers['content-type'] ?? 'application/json',
    })
    response.end(text)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    caCertificate: authority.certificate,
    calls: () => calls,
    answer: (next) => {
      status = next
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
