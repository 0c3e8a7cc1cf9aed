import * as z from 'zod'
import { Fault, isFault } from '../core/fault.ts'
import { Secret } from '../core/secret.ts'
import { Http, type RetryPolicy, type Tls } from './http.ts'
import type { HttpCall, HttpStream } from './http-call.ts'
import { type Challenge, parseChallenge } from './image-registry-auth.ts'

export interface ImageRegistryOptions {
  /** `https://host:port`; plain HTTP only where the operator says so. */
  readonly endpoint: string
  readonly username?: string
  readonly password?: Secret
  /** Host that gives tokens, where it is another than the registry's: our password goes to no third one. */
  readonly tokenHost?: string
  readonly tls?: Tls
  /** Longest silence within an answer. */
  readonly timeoutMilliseconds?: number
  /** Longest time for one blob, silence or not. */
  readonly totalMilliseconds?: number
  readonly retries?: RetryPolicy
  readonly sleep?: (milliseconds: number, signal?: AbortSignal) => Promise<void>
}

/** A manifest as the registry stores it. */
export interface StoredManifest {
  readonly bytes: Buffer
  /** As the registry says, without parameters; empty where it says nothing. */
  readonly mediaType: string
}

const manifestTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ')

/** Notary's word for trust data that nobody published; a registry without a Notary answers 404 with another. */
const notPublished = 'METADATA_NOT_FOUND'

const redirections = [301, 302, 303, 307, 308]
const mostRedirections = 5
const mostResumptions = 3
const longestBlobMilliseconds = 60 * 60_000

const Token = z.looseObject({ token: z.string().optional(), access_token: z.string().optional() })

const headerOf = ({ headers }: HttpStream, name: string): string => {
  const value = headers[name]
  return (typeof value === 'string' ? value : value?.[0]) ?? ''
}

const basic = (username: string, password: Secret): Secret =>
  new Secret(`Basic ${Buffer.from(`${username}:${password.reveal()}`).toString('base64')}`)

const repositoryForm = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/

/**
 * The registry's image API (v2), as an engine pulls: manifests and blobs, with token or basic authentication.
 *
 * Redirections are followed without our credentials; a blob that breaks goes on where it broke. Nothing that comes is verified
 * here: whoever reads it knows its digest. Source: OCI distribution specification.
 * Errors: `@throws {Fault}`, `not-found` where there is no such manifest or blob.
 */
export class ImageRegistry {
  readonly #options: ImageRegistryOptions
  readonly #servers = new Map<string, Http>()
  /** By repository. */
  readonly #authorizations = new Map<string, Secret>()

  constructor(options: ImageRegistryOptions) {
    this.#options = options
  }

  get endpoint(): string {
    return this.#options.endpoint
  }

  /** @param reference a tag or a digest. @throws {Fault} `protocol` for a manifest beyond `mostBytes`. */
  async manifest(repository: string, reference: string, mostBytes: number): Promise<StoredManifest> {
    const path = `/v2/${checked(repository)}/manifests/${encodeURIComponent(reference)}`
    const answer = await this.#get(repository, { path, headers: { accept: manifestTypes } })
    const bytes = await this.#whole(answer, path, `a manifest of more than ${mostBytes} bytes`, mostBytes)
    const [mediaType = ''] = headerOf(answer, 'content-type').split(';', 1)
    return { bytes, mediaType: mediaType.trim() }
  }

  /**
   * A document of the trust data that DTR keeps beside its images, as it is stored; undefined where its Notary says that there is
   * none. @param role `root`, `targets/releases`.
   *
   * Of the repository the full name is asked, the registry's host in front. Source: Notary's HTTP API; reference §8.9.
   * @throws {Fault} `protocol` for one beyond `mostBytes`, `not-found` where no Notary answers.
   */
  async trustDocument(repository: string, role: string, mostBytes: number): Promise<Buffer | undefined> {
    const name = `${new URL(this.endpoint).host}/${checked(repository)}`
    const path = `/v2/${name}/_trust/tuf/${role.split('/').map(encodeURIComponent).join('/')}.json`
    try {
      const answer = await this.#get(name, { path, headers: { accept: 'application/json' } })
      return await this.#whole(answer, path, `trust data of more than ${mostBytes} bytes`, mostBytes)
    } catch (error) {
      if (isFault(error, 'not-found') && error.message.includes(notPublished)) return undefined
      throw error
    }
  }

  /** The content of a blob as it comes; one that breaks is gone on with, three times at most. */
  async *blob(repository: string, digest: string): AsyncGenerator<Uint8Array> {
    let [read, broken] = [0, 0]
    for (;;) {
      try {
        for await (const piece of await this.#blobFrom(repository, digest, read)) {
          read += piece.length
          yield piece
        }
        return
      } catch (error) {
        if (!isFault(error) || !error.retryable || ++broken > mostResumptions) throw error
      }
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#servers.values()].map((server) => server.close()))
  }

  async #blobFrom(repository: string, digest: string, from: number): Promise<AsyncIterable<Uint8Array>> {
    const path = `/v2/${checked(repository)}/blobs/${encodeURIComponent(digest)}`
    const range: Record<string, string> = from === 0 ? {} : { range: `bytes=${from}-` }
    const answer = await this.#get(repository, { path, headers: { 'accept-encoding': 'identity', ...range } })
    if (from === 0) return answer.body
    if (answer.status !== 206) return without(answer.body, from)
    if (headerOf(answer, 'content-range').startsWith(`bytes ${from}-`)) return answer.body
    await answer.body.return(undefined)
    throw this.#strange('another part of a blob than it was asked for', path)
  }

  async #whole(answer: HttpStream, path: string, excess: string, mostBytes: number): Promise<Buffer> {
    const pieces: Uint8Array[] = []
    let bytes = 0
    for await (const piece of answer.body) {
      pieces.push(piece)
      bytes += piece.length
      if (bytes > mostBytes) throw this.#strange(excess, path)
    }
    return Buffer.concat(pieces)
  }

  async #get(repository: string, call: Pick<HttpCall, 'path' | 'headers'>): Promise<HttpStream> {
    const held = this.#authorizations.get(repository)
    const first = await this.#followed(call, held)
    if (first.status !== 401) return first
    await first.body.return(undefined)
    const challenge = parseChallenge(headerOf(first, 'www-authenticate'))
    const authorization = await this.#authorization(repository, challenge)
    if (authorization === undefined) throw this.#unauthenticated(call.path)
    this.#authorizations.set(repository, authorization)
    const second = await this.#followed(call, authorization)
    if (second.status !== 401) return second
    await second.body.return(undefined)
    throw this.#unauthenticated(call.path)
  }

  async #followed(
    { path, headers }: Pick<HttpCall, 'path' | 'headers'>,
    authorization: Secret | undefined,
  ): Promise<HttpStream> {
    const ours = new URL(this.#options.endpoint)
    let at = new URL(path, ours)
    for (let hops = 0; ; hops++) {
      const isOurs = at.origin === ours.origin
      const answer = await this.#server(at.origin).stream({
        method: 'GET',
        path: `${at.pathname}${at.search}`,
        headers: { ...headers, ...(isOurs && authorization !== undefined ? { authorization } : {}) },
        answers: isOurs ? [401, ...redirections] : redirections,
        totalMilliseconds: this.#options.totalMilliseconds ?? longestBlobMilliseconds,
      })
      if (!redirections.includes(answer.status)) return answer
      await answer.body.return(undefined)
      at = this.#redirected(headerOf(answer, 'location'), at)
      if (hops === mostRedirections) throw this.#strange('one redirection after another', path)
    }
  }

  #redirected(location: string, from: URL): URL {
    const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined
    if (to?.protocol !== 'https:' && (to?.protocol !== 'http:' || from.protocol === 'https:'))
      throw this.#strange('a redirection to what is no safer address', from.pathname)
    return to
  }

  async #authorization(repository: string, challenge: Challenge | undefined): Promise<Secret | undefined> {
    const { username, password } = this.#options
    const credentials =
      username === undefined || password === undefined ? undefined : basic(username, password)
    if (challenge?.scheme === 'basic') return credentials
    if (challenge === undefined) return undefined
    const realm = this.#realm(challenge.realm, credentials !== undefined)
    realm.searchParams.set('scope', `repository:${repository}:pull`)
    if (challenge.service !== undefined) realm.searchParams.set('service', challenge.service)
    const answer = Token.safeParse(
      await this.#server(realm.origin).json({
        method: 'GET',
        path: `${realm.pathname}${realm.search}`,
        ...(credentials === undefined ? {} : { headers: { authorization: credentials } }),
      }),
    )
    const token = answer.data?.token ?? answer.data?.access_token
    if (token === undefined) throw this.#strange('no token', realm.pathname)
    return new Secret(`Bearer ${token}`)
  }

  /** A registry may name any realm: our password goes only where the operator meant it to. */
  #realm(text: string, hasPassword: boolean): URL {
    const ours = new URL(this.#options.endpoint)
    const realm = URL.canParse(text, ours.href) ? new URL(text, ours) : undefined
    if (realm === undefined || (realm.protocol !== 'https:' && realm.protocol !== ours.protocol))
      throw this.#strange('a token server that is no safe address', '/v2/')
    const known = [ours.host, this.#options.tokenHost]
    if (hasPassword && !known.includes(realm.host))
      throw new Fault(
        'unauthenticated',
        `The registry at ${this.endpoint} sends its callers to ${realm.host} for a token; the password was not sent there.`,
        {
          details: {
            endpoint: this.endpoint,
            hint: `Name ${realm.host} as the token host of this registry, if it is one.`,
          },
        },
      )
    return realm
  }

  #server(origin: string): Http {
    const known = this.#servers.get(origin)
    if (known !== undefined) return known
    const { tls, timeoutMilliseconds, retries, sleep, username } = this.#options
    const made = new Http({
      system: 'The registry',
      endpoint: origin,
      ...(username === undefined ? {} : { credential: `the password of ${username}` }),
      ...(tls === undefined ? {} : { tls: origin === new URL(this.endpoint).origin ? tls : trustOf(tls) }),
      ...(timeoutMilliseconds === undefined ? {} : { timeoutMilliseconds }),
      ...(retries === undefined ? {} : { retries }),
      ...(sleep === undefined ? {} : { sleep }),
    })
    this.#servers.set(origin, made)
    return made
  }

  #unauthenticated(path: string): Fault {
    const { username } = this.#options
    const who = username === undefined ? 'no user was given' : `the password of ${username} was not taken`
    return new Fault('unauthenticated', `The registry at ${this.endpoint} does not let us read: ${who}.`, {
      details: {
        endpoint: this.endpoint,
        call: `GET ${path}`,
        hint: 'Give a user that may pull this repository, then run again.',
      },
    })
  }

  #strange(what: string, path: string): Fault {
    return new Fault('protocol', `The registry at ${this.endpoint} answered GET ${path} with ${what}.`, {
      details: {
        endpoint: this.endpoint,
        call: `GET ${path}`,
        hint: 'Check that the address is a registry’s, not a proxy’s.',
      },
    })
  }
}

/** Whom to trust, without what proves who we are: for servers that the registry names. */
const trustOf = ({ ca, allowUnverified }: Tls): Tls => ({
  ...(ca === undefined ? {} : { ca }),
  ...(allowUnverified === undefined ? {} : { allowUnverified }),
})

/** A name goes into a path: one that no registry takes is not sent. */
const checked = (repository: string): string => {
  if (repository.length <= 255 && repositoryForm.test(repository)) return repository
  throw new Fault('invalid-request', `${JSON.stringify(repository)} is no name of a repository.`)
}

/** The pieces without the first `count` bytes. */
async function* without(pieces: AsyncIterable<Uint8Array>, count: number): AsyncGenerator<Uint8Array> {
  let left = count
  for await (const piece of pieces) {
    const skipped = Math.min(left, piece.length)
    left -= skipped
    if (skipped < piece.length) yield piece.subarray(skipped)
  }
}
