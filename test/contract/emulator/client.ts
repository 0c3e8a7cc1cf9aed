import { Agent, request } from 'undici'
import { Secret } from '../../../src/core/secret.ts'
import type { LdapDirectory } from '../../../src/lab/ucp/directory.ts'
import { startUcp, type Ucp, type UcpOptions } from '../../../src/lab/ucp/server.ts'

/** Made-up people for the emulator's own tests. */
export const directory: LdapDirectory = {
  users: ['ada', 'bob', 'cyd', 'dan'].map((name) => ({
    name,
    fullName: `${name} L.`,
    mail: `${name}@bank.example`,
  })),
  groups: [
    { dn: 'CN=Dev,OU=Groups,DC=bank,DC=example', members: ['ada', 'bob', 'ghost'] },
    { dn: 'CN=Ops,OU=Groups,DC=bank,DC=example', members: ['cyd'] },
  ],
}

export const passwordOf = (name: string): string => `${name}-password`

export const start = (options: Partial<UcpOptions> = {}): Promise<Ucp> =>
  startUcp({
    cluster: 'nonprod',
    directory,
    users: [{ name: 'svc-tenantry', isAdmin: true, password: new Secret(passwordOf('svc-tenantry')) }],
    directoryPasswords: new Map(
      directory.users.map(({ name }) => [name, new Secret(passwordOf(name))] as const),
    ),
    ...options,
  })

export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly bytes: Buffer
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever came
  readonly body: any
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A client that keeps what authenticates it and shows whatever is answered. */
export class Client {
  readonly #origin: string
  readonly #agent: Agent
  readonly #headers: Record<string, string>

  constructor(
    origin: string,
    tls: { ca: string; cert?: string; key?: string },
    headers: Record<string, string> = {},
  ) {
    this.#origin = origin
    this.#agent = new Agent({ connect: tls })
    this.#headers = headers
  }

  async send(method: string, path: string, body?: unknown): Promise<Answered> {
    const response = await request(`${this.#origin}${path}`, {
      dispatcher: this.#agent,
      method: method as 'GET',
      headers: body === undefined ? this.#headers : { 'content-type': 'application/json', ...this.#headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const bytes = Buffer.from(await response.body.arrayBuffer())
    const text = bytes.toString('utf8')
    return { status: response.statusCode, headers: response.headers, bytes, text, body: parsed(text) }
  }

  get = (path: string): Promise<Answered> => this.send('GET', path)
  post = (path: string, body: unknown): Promise<Answered> => this.send('POST', path, body)
  put = (path: string, body: unknown = {}): Promise<Answered> => this.send('PUT', path, body)
  patch = (path: string, body: unknown): Promise<Answered> => this.send('PATCH', path, body)
  delete = (path: string): Promise<Answered> => this.send('DELETE', path)

  close = (): Promise<void> => this.#agent.destroy()
}

export const anonymousClient = (ucp: Ucp): Client => new Client(ucp.address, { ca: ucp.caCertificate })

export const loggedIn = async (ucp: Ucp, name: string): Promise<Client> => {
  const { body } = await anonymousClient(ucp).post('/auth/login', {
    username: name,
    password: passwordOf(name),
  })
  return new Client(ucp.address, { ca: ucp.caCertificate }, { authorization: `Bearer ${body.auth_token}` })
}
