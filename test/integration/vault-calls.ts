import { Agent, request } from 'undici'
import type { Secret } from '../../src/core/secret.ts'
import type { Action, Place } from './vault-oracle.ts'

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

/** Ends the name of a secret that is created beside a place. */
const created = '-new'

interface Answer {
  readonly status: number
  readonly data: Readonly<Record<string, unknown>>
}

/** Vault's HTTP API as one token's holder sees it, past our own client. */
export class VaultCalls {
  readonly #address: string
  readonly #token: Secret
  readonly #dispatcher = new Agent()

  constructor({ address }: { readonly address: string }, token: Secret) {
    this.#address = address
    this.#token = token
  }

  close(): Promise<void> {
    return this.#dispatcher.close()
  }

  async status(method: string, path: string): Promise<number> {
    return (await this.#call(method as Method, path, method === 'GET' ? undefined : {})).status
  }

  async list(path: string): Promise<readonly string[]> {
    const { keys } = (await this.#call('GET', `${path}?list=true`)).data
    return Array.isArray(keys) ? keys.map(String) : []
  }

  /** Puts a place back as it was seeded: one version, and nothing beside it. For root. */
  async restore({ organization, path }: Place, value: string): Promise<void> {
    await this.#call('DELETE', `orgs/${organization}/metadata/${path}${created}`)
    await this.#call('DELETE', `orgs/${organization}/metadata/${path}`)
    const { status } = await this.#call('POST', `orgs/${organization}/data/${path}`, { data: { value } })
    if (status !== 200) throw new Error(`${organization} ${path} cannot be seeded: ${status}`)
  }

  /** Does it and gives the status. A secret is created beside the place, under a new name. */
  async act(action: Action, { organization, path }: Place, value: string): Promise<number> {
    const at = (area: string, name = path): string => `orgs/${organization}/${area}/${name}`
    const folder = path.slice(0, path.lastIndexOf('/'))
    const calls: Readonly<Record<Action, () => Promise<Answer>>> = {
      read: () => this.#call('GET', at('data')),
      create: () =>
        this.#call('POST', at('data', `${path}${created}`), { data: { value }, options: { cas: 0 } }),
      update: () => this.#call('POST', at('data'), { data: { value } }),
      delete: () => this.#call('DELETE', at('data')),
      undelete: () => this.#call('POST', at('undelete'), { versions: [1] }),
      destroy: () => this.#call('PUT', at('destroy'), { versions: [1] }),
      'read metadata': () => this.#call('GET', at('metadata')),
      'write metadata': () => this.#call('POST', at('metadata'), { custom_metadata: { a: 'b' } }),
      'delete metadata': () => this.#call('DELETE', at('metadata')),
      list: () => this.#call('GET', `${at('metadata', folder)}?list=true`),
    }
    return (await calls[action]()).status
  }

  async #call(method: Method, path: string, body?: unknown): Promise<Answer> {
    const answer = await request(`${this.#address}/v1/${path}`, {
      method,
      dispatcher: this.#dispatcher,
      headers: { 'x-vault-token': this.#token.reveal() },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.body.text()
    const parsed = text === '' ? {} : (JSON.parse(text) as { data?: Record<string, unknown> | null })
    return { status: answer.statusCode, data: parsed.data ?? {} }
  }
}
