import { Agent, request } from 'undici'
import { Ucp } from '../../src/clients/ucp.ts'
import { type ClusterLab, platformUser } from '../../src/lab/cluster-lab.ts'

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** An admin who changes things at the servers, past Tenantry. Every call that is refused throws with the answer. */
export interface Hands {
  /** UCP's own API and the Engine API behind it. */
  readonly ucp: (method: Method, path: string, body?: unknown) => Promise<unknown>
  /** Below `/api/v0`. */
  readonly registry: (method: Method, path: string, body?: unknown) => Promise<unknown>
  /** Below `/v1`, with the root token. */
  readonly vault: (method: Method, path: string, body?: unknown) => Promise<unknown>
  readonly close: () => Promise<void>
}

const parsed = (text: string): unknown => {
  try {
    return text === '' ? undefined : JSON.parse(text)
  } catch {
    return text
  }
}

/** The hands of a cluster's admin. */
export const handsOn = ({ ucp, registry, vault, platformPassword }: ClusterLab): Hands => {
  const client = new Ucp({
    endpoint: ucp.address,
    caCertificate: ucp.caCertificate,
    username: platformUser,
    password: platformPassword,
  })
  const dispatcher = new Agent({ connect: { ca: ucp.caCertificate } })
  const basic = Buffer.from(`${platformUser}:${platformPassword.reveal()}`).toString('base64')
  const plain = async (
    method: Method,
    url: string,
    { headers, body }: { headers: Record<string, string>; body: unknown },
  ): Promise<unknown> => {
    const answer = await request(url, {
      dispatcher,
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.body.text()
    if (answer.statusCode >= 400) throw new Error(`${method} ${url}: ${answer.statusCode} ${text}`)
    return parsed(text)
  }
  return {
    ucp: async (method, path, body) =>
      parsed((await client.send({ method, path, ...(body === undefined ? {} : { body }) })).text),
    registry: (method, path, body) =>
      plain(method, `${registry.address}/api/v0${path}`, {
        headers: { authorization: `Basic ${basic}` },
        body,
      }),
    vault: (method, path, body) =>
      plain(method, `${vault.address}/v1/${path}`, {
        headers: { 'x-vault-token': vault.rootToken.reveal() },
        body,
      }),
    close: async () => {
      await Promise.allSettled([client.close(), dispatcher.close()])
    },
  }
}
