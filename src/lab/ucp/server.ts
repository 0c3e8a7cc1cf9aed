import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Secret } from '../../core/secret.ts'
import { type Authority, createAuthority, type KeyPair } from '../certificates.ts'
import { Faults } from '../faults.ts'
import type { EngineProxy } from './access.ts'
import { AccessLog } from './access-log.ts'
import { issueKeys } from './bundles.ts'
import { sendAnswer } from './call.ts'
import type { LdapDirectory } from './directory.ts'
import { type FrontDoor, type Note, openFrontDoor } from './front-door.ts'
import { Identity } from './identity.ts'
import { proxyEngine } from './proxy.ts'
import type { Member, PlacingProxy } from './proxy-contract.ts'
import { Refusal } from './refusal.ts'
import { type Matched, type Route, Router } from './router.ts'
import { accountRoutes } from './routes/account-routes.ts'
import { bundleRoutes } from './routes/bundle-routes.ts'
import { collectionRoutes } from './routes/collection-routes.ts'
import { configurationRoutes } from './routes/configuration-routes.ts'
import { defaultCollectionRoutes } from './routes/default-collection-routes.ts'
import { grantRoutes } from './routes/grant-routes.ts'
import { healthRoutes } from './routes/health-routes.ts'
import { keyRoutes } from './routes/key-routes.ts'
import { loginRoutes } from './routes/login-routes.ts'
import { memberRoutes } from './routes/member-routes.ts'
import { roleRoutes } from './routes/role-routes.ts'
import { syncRoutes } from './routes/sync-routes.ts'
import { teamRoutes } from './routes/team-routes.ts'
import { sendRefusal } from './send-refusal.ts'
import { UcpState } from './state.ts'
import { defaultSwitches, type EmulatorSwitches } from './switches.ts'

/** An account of the emulator's own, not of the directory. */
interface ManagedUser {
  readonly name: string
  readonly fullName?: string
  readonly isAdmin?: boolean
  readonly password: Secret
}

export interface UcpOptions {
  /** The cluster's name; it is in the certificates. */
  readonly cluster: string
  readonly directory: LdapDirectory
  /** The first admin is the one of the handle; there must be one. */
  readonly users: readonly ManagedUser[]
  /** Passwords of directory users; one who has none cannot log in. */
  readonly directoryPasswords?: ReadonlyMap<string, Secret>
  /** The unix socket of the engine behind it; without one every engine call answers 501. */
  readonly engineSocket?: string | undefined
  /** The nodes that run an engine of their own; without it the one engine stands for all nodes. */
  readonly engineMembers?: () => Promise<readonly Member[]>
  readonly switches?: Partial<EmulatorSwitches>
  /** Milliseconds since 1970; the machine's clock where absent. */
  readonly now?: () => number
}

/** A client bundle's parts as files hold them. */
interface IssuedBundle extends KeyPair {
  readonly certificateAuthority: string
  /** `tcp://127.0.0.1:port`. */
  readonly host: string
}

export interface Ucp {
  readonly cluster: string
  /** `https://127.0.0.1:port`. */
  readonly address: string
  readonly caCertificate: string
  /** Signs the registry's certificate too. */
  readonly authority: Authority
  readonly admin: { readonly username: string; readonly password: Secret }
  /** The stores, for tests and for the registry, which shares the accounts. */
  readonly state: UcpState
  readonly faults: Faults
  readonly log: AccessLog
  /** Labels nodes that have joined since, as UCP's agent does; resolves to how many. 0 without an engine. */
  readonly placeNodes: () => Promise<number>
  /** @throws {Refusal} where there is no such user. */
  readonly issueBundle: (user: string) => Promise<IssuedBundle>
  /** Idempotent. */
  readonly stop: () => Promise<void>
}

const startState = (options: UcpOptions): UcpState => {
  const state = new UcpState({
    directory: options.directory,
    directoryPasswords: options.directoryPasswords ?? new Map(),
    switches: { ...defaultSwitches, ...options.switches },
    now: options.now ?? Date.now,
  })
  for (const { password, ...user } of options.users) state.addUser({ ...user, password: password.reveal() })
  if (state.switches.ldapImport === 'start') state.memberSync.run()
  return state
}

const firstAdmin = (users: readonly ManagedUser[]): Ucp['admin'] => {
  const admin = users.find((user) => user.isAdmin === true)
  if (admin === undefined) throw new Error('The emulator needs an admin among its users.')
  return { username: admin.name, password: admin.password }
}

const nativeRoutes = (state: UcpState, authority: Authority, host: () => string): Route[] => [
  ...loginRoutes(state),
  ...accountRoutes(state),
  ...memberRoutes(state),
  ...teamRoutes(state),
  ...syncRoutes(state),
  ...keyRoutes(state),
  ...bundleRoutes(state, { authority, host }),
  ...collectionRoutes(state),
  ...defaultCollectionRoutes(state),
  ...roleRoutes(state),
  ...grantRoutes(state),
  ...configurationRoutes(state),
  ...healthRoutes(state, { certificateAuthority: authority.certificate, host }),
]

class Controller {
  readonly #identity: Identity
  readonly #router: Router
  readonly #proxy: EngineProxy | undefined

  constructor(identity: Identity, router: Router, proxy: EngineProxy | undefined) {
    this.#identity = identity
    this.#router = router
    this.#proxy = proxy
  }

  async handle(request: IncomingMessage, response: ServerResponse, note: Note): Promise<void> {
    const matched = this.#router.match(request.method ?? '', request.url ?? '')
    try {
      if (matched === undefined) await this.#proxied(request, response, note)
      else await this.#native(matched, request, response, note)
    } catch (error) {
      sendRefusal(response, matched?.style ?? 'engine', error)
    }
  }

  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, note: Note): Promise<void> {
    try {
      const caller = this.#identity.callerOf(request)
      note.user = caller.name
      if (this.#proxy === undefined) throw noEngine()
      await this.#proxy.upgrade(caller, request, socket, head)
    } catch (error) {
      const status = error instanceof Refusal ? error.status : 500
      socket.end(`HTTP/1.1 ${status} Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)
    }
  }

  async #native(
    matched: Matched,
    request: IncomingMessage,
    response: ServerResponse,
    note: Note,
  ): Promise<void> {
    const answer = await matched.answer(request, () => {
      const caller = this.#identity.callerOf(request)
      note.user = caller.name
      return caller
    })
    sendAnswer(response, answer)
  }

  async #proxied(request: IncomingMessage, response: ServerResponse, note: Note): Promise<void> {
    const caller = this.#identity.callerOf(request)
    note.user = caller.name
    if (this.#proxy === undefined) throw noEngine()
    await this.#proxy.handle(caller, request, response)
  }
}

const noEngine = (): Refusal =>
  new Refusal(501, 'NOT_IMPLEMENTED', 'No Docker Engine is behind this emulator.')

const openController = async (
  state: UcpState,
  authority: Authority,
  controller: (host: () => string) => Controller,
  observed: { faults: Faults; log: AccessLog },
): Promise<FrontDoor> => {
  let port = 0
  const handler = controller(() => `127.0.0.1:${port}`)
  const server = await authority.issueServer('ucp-controller')
  const door = await openFrontDoor({
    certificate: server.certificate,
    key: server.key,
    clientAuthority: authority.certificate,
    ...observed,
    now: state.now,
    handle: (request, response, note) => handler.handle(request, response, note),
    upgrade: (request, socket, head, note) => handler.upgrade(request, socket, head, note),
  })
  port = door.port
  return door
}

const engineOf = ({ engineSocket, engineMembers }: UcpOptions, state: UcpState): PlacingProxy | undefined =>
  engineSocket === undefined
    ? undefined
    : proxyEngine({
        access: state.rbac,
        engineSocket,
        ...(engineMembers === undefined ? {} : { members: engineMembers }),
        isSigned: (image, signers) => state.isSigned(image, signers),
      })

/** Starts the emulator of one cluster's UCP on a free port of 127.0.0.1. */
export const startUcp = async (options: UcpOptions): Promise<Ucp> => {
  const admin = firstAdmin(options.users)
  const state = startState(options)
  const authority = await createAuthority(`UCP ${options.cluster} root CA`)
  const observed = { faults: new Faults(), log: new AccessLog() }
  const proxy = engineOf(options, state)
  if (proxy !== undefined) state.census = proxy.census
  const identity = new Identity(state)
  const door = await openController(
    state,
    authority,
    (host) => new Controller(identity, new Router(nativeRoutes(state, authority, host)), proxy),
    observed,
  )
  return {
    cluster: options.cluster,
    address: door.address,
    caCertificate: authority.certificate,
    authority,
    admin,
    state,
    ...observed,
    placeNodes: async () => (await proxy?.placeNodes()) ?? 0,
    issueBundle: async (user) => {
      const account = state.accounts.user(user)
      state.ensurePrivateCollection(account)
      const keys = await issueKeys(state, authority, account)
      return { ...keys, certificateAuthority: authority.certificate, host: `tcp://127.0.0.1:${door.port}` }
    },
    stop: async () => {
      await door.stop()
      await proxy?.close()
    },
  }
}
