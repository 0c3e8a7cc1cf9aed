import { Agent, request } from 'undici'
import type { VaultServer } from '../../src/lab/vault/serve-vault.ts'

/** Where Vault keeps things of one kind: a folder that can be listed, or a read that tells of all of them. */
const areas = {
  mount: { map: 'sys/mounts' },
  backend: { map: 'sys/auth' },
  policy: { folder: 'sys/policies/acl', parts: [''] },
  appRole: { folder: 'auth/approle/role', parts: ['', '/role-id'] },
  ldapGroup: { folder: 'auth/ldap/groups', parts: [''] },
  secret: { folder: 'kept/metadata', parts: [''] },
} as const

export type VaultArea = keyof typeof areas

/** What stands in a Vault, read past our own client. */
export class VaultWorld {
  readonly #server: VaultServer
  readonly #dispatcher = new Agent()

  constructor(server: VaultServer) {
    this.#server = server
  }

  /** A line of JSON for each thing whose name has the given part, sorted. */
  async read(area: VaultArea, part: string): Promise<readonly string[]> {
    const where = areas[area]
    const found = 'map' in where ? await this.#mapped(where.map) : await this.#listed(where, part)
    return found.filter((line) => line.includes(part)).sort()
  }

  /** Every thing of every kind. */
  async all(): Promise<readonly string[]> {
    const kinds = Object.keys(areas) as VaultArea[]
    return (await Promise.all(kinds.map((kind) => this.read(kind, '')))).flat()
  }

  close(): Promise<void> {
    return this.#dispatcher.close()
  }

  async #mapped(path: string): Promise<readonly string[]> {
    return Object.entries(await this.#get(path)).map(([name, value]) => JSON.stringify({ name, value }))
  }

  async #listed(
    { folder, parts }: { folder: string; parts: readonly string[] },
    part: string,
  ): Promise<readonly string[]> {
    const { keys } = await this.#get(`${folder}?list=true`)
    const names = (Array.isArray(keys) ? keys.map(String) : []).filter((name) => name.includes(part))
    return Promise.all(
      names.map(async (name) => {
        const values = await Promise.all(parts.map((one) => this.#get(`${folder}/${name}${one}`)))
        return JSON.stringify({ name, values })
      }),
    )
  }

  async #get(path: string): Promise<Record<string, unknown>> {
    const answer = await request(`${this.#server.address}/v1/${path}`, {
      dispatcher: this.#dispatcher,
      headers: { 'x-vault-token': this.#server.rootToken.reveal() },
    })
    const text = await answer.body.text()
    if (answer.statusCode === 404) return {}
    if (answer.statusCode !== 200) throw new Error(`${path} answers ${answer.statusCode}: ${text}`)
    return (JSON.parse(text) as { data: Record<string, unknown> }).data
  }
}

/** Without what differs between two makings of the same thing. */
export const scrubbed = (line: string): string =>
  line
    .replace(/"(?:accessor|uuid|role_id)":"[^"]*"/g, '')
    .replace(/"(?:created_time|updated_time|deletion_time)":"20[^"]*"/g, '')

/** Ids that Vault gave: they change where a thing is made anew. */
export const givenIds = (lines: readonly string[]): readonly string[] =>
  lines.flatMap((line) => line.match(/"(?:accessor|role_id|current_version)":[^,}]+/g) ?? [])
