import { X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'
import { publicKeyId } from '../certificates.ts'
import type { Caller } from './access.ts'
import type { Account } from './accounts.ts'
import { notAuthenticated } from './refusal.ts'
import type { UcpState } from './state.ts'

/** A name and a password out of a Basic header; undefined for another header. Never throws. */
export const basicCredentials = (header: string): { name: string; password: string } | undefined => {
  const [, encoded] = /^Basic\s+(\S+)$/i.exec(header) ?? []
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const at = text.indexOf(':')
  return at < 0 ? undefined : { name: text.slice(0, at), password: text.slice(at + 1) }
}

/** The token out of a Bearer header; undefined for another header. Never throws. */
export const bearerToken = (header: string): string | undefined => /^Bearer\s+(\S+)$/i.exec(header)?.[1]

/** Finds out who sends a request: the header first, else the client certificate of its connection. */
export class Identity {
  readonly #state: UcpState
  /** The public key's id of a connection that has shown a certificate; handshakes are rarer than calls. */
  readonly #keyOfSocket = new WeakMap<TLSSocket, string>()

  constructor(state: UcpState) {
    this.#state = state
  }

  /** @throws {Refusal} 401 where nobody is found out, also when a wrong header hides a right certificate. */
  callerOf(request: IncomingMessage): Caller {
    const header = request.headers.authorization ?? ''
    const account = header === '' ? this.#byCertificate(request) : this.#byHeader(header)
    if (account === undefined || !account.isActive) throw notAuthenticated()
    return this.#state.callerOf(account)
  }

  #byHeader(header: string): Account | undefined {
    const token = bearerToken(header)
    if (token !== undefined) return this.#state.accounts.find(this.#state.sessions.userOf(token) ?? '')
    const credentials = this.#state.switches.basicAuthentication ? basicCredentials(header) : undefined
    return credentials === undefined
      ? undefined
      : this.#state.verified(credentials.name, credentials.password)
  }

  #byCertificate(request: IncomingMessage): Account | undefined {
    const { socket } = request
    if (!(socket instanceof TLSSocket)) return undefined
    const keyId = this.#keyOfSocket.get(socket) ?? this.#keyOf(socket)
    if (keyId === undefined) return undefined
    this.#keyOfSocket.set(socket, keyId)
    return this.#state.accounts.find(this.#state.publicKeys.find(keyId)?.accountId ?? '')
  }

  /** Of a certificate that our authority signed, or that an account has listed with the key. */
  #keyOf(socket: TLSSocket): string | undefined {
    const shown = socket.getPeerCertificate()
    if (shown?.raw === undefined) return undefined
    const certificate = new X509Certificate(shown.raw)
    const id = publicKeyId(certificate.publicKey.export({ type: 'spki', format: 'der' }))
    const listed = this.#state.publicKeys.find(id)?.certificates ?? []
    return socket.authorized || listed.some(({ cert }) => isSame(cert, certificate)) ? id : undefined
  }
}

const isSame = (pem: string, certificate: X509Certificate): boolean => {
  try {
    return new X509Certificate(pem).fingerprint256 === certificate.fingerprint256
  } catch {
    return false
  }
}
