import { createServer, type Socket } from 'node:net'
import type { Secret } from '../../core/secret.ts'
import { randomPassword } from '../layout.ts'
import type { People } from '../people.ts'
import { Port } from '../port.ts'
import { entriesOf, type LdapEntry, type LdapPlaces, normalDn, personDn, placesOf } from './ldap-entries.ts'
import { matchesFilter } from './ldap-filter.ts'
import {
  entryMessage,
  type LdapMessage,
  type LdapRequest,
  ldapResults,
  messageLength,
  parseMessage,
  resultMessage,
} from './ldap-messages.ts'

/** The lab's people and groups over LDAP version 3, to be read only. */
export interface LdapServer extends LdapPlaces {
  /** `ldap://127.0.0.1:port`. */
  readonly url: string
  /** The account that other systems search with. */
  readonly searchDn: string
  readonly searchPassword: Secret
  /** Idempotent. */
  readonly stop: () => Promise<void>
}

type Search = Extract<LdapRequest, { kind: 'search' }>
type Bind = Extract<LdapRequest, { kind: 'bind' }>

const isInScope = ({ dn }: LdapEntry, { base, scope }: Search): boolean => {
  const [own, top] = [normalDn(dn), normalDn(base)]
  if (scope === 'base') return own === top
  if (scope === 'one') return own.slice(own.indexOf(',') + 1) === top
  return own === top || own.endsWith(`,${top}`)
}

/** What the connections share. */
class Directory {
  readonly #entries: readonly LdapEntry[]
  /** Normal DN → password. */
  readonly #passwords: ReadonlyMap<string, Secret>

  constructor(entries: readonly LdapEntry[], passwords: ReadonlyMap<string, Secret>) {
    this.#entries = entries
    this.#passwords = passwords
  }

  /** A bind without a password is refused, so that nobody takes it for a log-in (RFC 4513 §5.1.2). */
  bind({ dn, password }: Bind): { readonly code: number; readonly text?: string } {
    if (password === undefined) return { code: ldapResults.authMethodNotSupported, text: 'simple binds only' }
    if (dn === '' && password === '') return { code: ldapResults.success }
    if (password === '') return { code: ldapResults.unwillingToPerform, text: 'a password is needed' }
    const isRight = this.#passwords.get(normalDn(dn))?.reveal() === password
    return { code: isRight ? ldapResults.success : ldapResults.invalidCredentials }
  }

  search(search: Search): readonly LdapEntry[] {
    return this.#entries.filter((entry) => isInScope(entry, search) && matchesFilter(entry, search.filter))
  }
}

/** One client's connection: what comes, cut into messages, and who it is. */
class Connection {
  readonly #socket: Socket
  readonly #directory: Directory
  #rest: Buffer = Buffer.alloc(0)
  #isBound = false

  constructor(socket: Socket, directory: Directory) {
    this.#socket = socket
    this.#directory = directory
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
  }

  #take(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk])
    try {
      for (let length = messageLength(this.#rest); length !== undefined; length = messageLength(this.#rest)) {
        if (this.#rest.length < length) return
        const message = parseMessage(this.#rest.subarray(0, length))
        this.#rest = this.#rest.subarray(length)
        this.#answer(message)
      }
    } catch {
      this.#socket.destroy()
    }
  }

  #answer({ id, request }: LdapMessage): void {
    switch (request.kind) {
      case 'unbind':
        this.#socket.end()
        return
      case 'bind': {
        const result = this.#directory.bind(request)
        this.#isBound = result.code === ldapResults.success && request.dn !== ''
        this.#socket.write(resultMessage(id, 'bind', result))
        return
      }
      case 'search':
        this.#search(id, request)
        return
      case 'other':
        this.#socket.write(
          resultMessage(id, 'other', { code: ldapResults.protocolError, text: 'not served here' }),
        )
    }
  }

  #search(id: number, request: Search): void {
    if (!this.#isBound) {
      const refusal = { code: ldapResults.insufficientAccessRights, text: 'bind first' }
      this.#socket.write(resultMessage(id, 'search', refusal))
      return
    }
    const found = this.#directory.search(request)
    const limit = request.sizeLimit === 0 ? found.length : request.sizeLimit
    for (const entry of found.slice(0, limit)) this.#socket.write(entryMessage(id, entry, request.attributes))
    const code = found.length > limit ? ldapResults.sizeLimitExceeded : ldapResults.success
    this.#socket.write(resultMessage(id, 'search', { code }))
  }
}

/** Serves the people on a free port of 127.0.0.1, with a search account of its own. */
export const startLdapServer = async (people: People): Promise<LdapServer> => {
  const places = placesOf(people)
  const searchDn = `CN=svc-vault,${places.base}`
  const searchPassword = randomPassword()
  const directory = new Directory(
    entriesOf(people),
    new Map([
      [normalDn(searchDn), searchPassword],
      ...[...people.passwords].map(
        ([name, password]) => [normalDn(personDn(places, name)), password] as const,
      ),
    ]),
  )
  const server = createServer((socket) => new Connection(socket, directory))
  const port = await Port.open(server)
  return {
    ...places,
    url: `ldap://127.0.0.1:${port.number}`,
    searchDn,
    searchPassword,
    stop: () => port.stop(),
  }
}
