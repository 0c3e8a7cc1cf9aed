import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Authority } from '../certificates.ts'
import { Faults } from '../faults.ts'
import type { Caller } from '../ucp/access.ts'
import { AccessLog } from '../ucp/access-log.ts'
import { sendAnswer } from '../ucp/call.ts'
import { type Note, openFrontDoor } from '../ucp/front-door.ts'
import { basicCredentials } from '../ucp/identity.ts'
import { notAuthenticated, notFound, Refusal } from '../ucp/refusal.ts'
import { type Route, Router } from '../ucp/router.ts'
import { accountRoutes } from '../ucp/routes/account-routes.ts'
import { memberRoutes } from '../ucp/routes/member-routes.ts'
import { teamRoutes } from '../ucp/routes/team-routes.ts'
import { sendRefusal } from '../ucp/send-refusal.ts'
import type { UcpState } from '../ucp/state.ts'
import type { AccessLevel } from './levels.ts'
import { imageRoutes } from './routes/image-routes.ts'
import { policyRoutes } from './routes/policy-routes.ts'
import { repositoryRoutes } from './routes/repository-routes.ts'
import { settingsRoutes } from './routes/settings-routes.ts'
import { tagRoutes } from './routes/tag-routes.ts'
import { teamAccessRoutes } from './routes/team-access-routes.ts'
import { tokenRoutes } from './routes/token-routes.ts'
import { trustRoutes } from './routes/trust-routes.ts'
import { webhookRoutes } from './routes/webhook-routes.ts'
import { imageOf, newRepositorySettings, RegistryState } from './state.ts'
import { defaultRegistrySwitches, type RegistrySwitches } from './switches.ts'
import type { PushedImage, Tag } from './tags.ts'

export interface RegistryOptions {
  /** Whose accounts, teams and configuration it shares. */
  readonly ucp: { readonly state: UcpState; readonly authority: Authority }
  readonly switches?: Partial<RegistrySwitches>
  /** `http://127.0.0.1:port` of a distribution's registry that keeps its images; it has none to pull where absent. */
  readonly store?: string
  /** Runs something after so many milliseconds; a timer that keeps no process alive where absent. */
  readonly later?: (milliseconds: number, run: () => void) => void
}

/** A push of the lab's: what the image is like, and who pushes it. */
interface LabPush {
  readonly namespace: string
  readonly repository: string
  readonly tag: string
  /** An account's name; it must have read-write access. */
  readonly author: string
  /** Absent ones are an unsigned linux/amd64 image without vulnerabilities, its digest another at each push. */
  readonly image?: Partial<PushedImage>
}

export interface Registry {
  /** `https://127.0.0.1:port`. */
  readonly address: string
  readonly caCertificate: string
  readonly state: RegistryState
  readonly faults: Faults
  readonly log: AccessLog
  /** @throws {Refusal} as a registry refuses a push: no access, no repository, an immutable tag. */
  readonly pushTag: (push: LabPush) => Tag
  /** What a user may do in `namespace/name`; undefined for nothing. @throws {Refusal} 404. */
  readonly effectiveLevel: (user: string, repository: string) => AccessLevel | undefined
  /** Idempotent. */
  readonly stop: () => Promise<void>
}

const timer = (milliseconds: number, run: () => void): void => {
  setTimeout(run, milliseconds).unref()
}

/** Paths of the registry protocol, which asks for a token (docker distribution, token authentication). */
const isPull = ({ url }: IncomingMessage): boolean => url?.startsWith('/v2/') === true

const pullerOf = (state: RegistryState, request: IncomingMessage): Caller => {
  const [, token = ''] = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '') ?? []
  const account = state.ucp.accounts.find(state.pullTokens.userOf(token) ?? '')
  if (!account?.isActive) throw notAuthenticated()
  return state.ucp.callerOf(account)
}

const callerOf = (state: RegistryState, request: IncomingMessage): Caller => {
  if (isPull(request)) return pullerOf(state, request)
  const credentials = basicCredentials(request.headers.authorization ?? '')
  if (credentials === undefined) throw notAuthenticated()
  const { name, password } = credentials
  const byPassword = state.ucp.verified(name, password)
  if (byPassword !== undefined) return state.ucp.callerOf(byPassword)
  const account = state.ucp.accounts.find(name)
  if (!account?.isActive || !state.apiTokens.matches(account.id, password, state.time()))
    throw notAuthenticated()
  return state.ucp.callerOf(account)
}

const routesOf = (state: RegistryState, store: string | undefined): Route[] => [
  ...[...accountRoutes(state.ucp), ...memberRoutes(state.ucp), ...teamRoutes(state.ucp)].filter((route) =>
    route.pattern.startsWith('/enzi/'),
  ),
  ...repositoryRoutes(state),
  ...teamAccessRoutes(state),
  ...tagRoutes(state),
  ...policyRoutes(state),
  ...webhookRoutes(state),
  ...tokenRoutes(state),
  ...settingsRoutes(state),
  ...trustRoutes(state),
  ...(store === undefined ? [] : imageRoutes(state, store)),
]

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? '0') > 0

/** @throws {Refusal} 406, 415 (reference §8.1). */
const checkMediaTypes = (request: IncomingMessage): void => {
  const { accept = '*/*', 'content-type': contentType = '' } = request.headers
  if (!/\*\/\*|application\/(\*|json)/i.test(accept))
    throw new Refusal(406, 'NOT_ACCEPTABLE', 'Only application/json is served.')
  if (hasBody(request) && !/^application\/json\b/i.test(contentType))
    throw new Refusal(415, 'UNSUPPORTED_MEDIA_TYPE', 'Only application/json is taken.')
}

const handlerOf = (state: RegistryState, store: string | undefined) => {
  const router = new Router(routesOf(state, store))
  return async (request: IncomingMessage, response: ServerResponse, note: Note): Promise<void> => {
    try {
      state.advance()
      const matched = router.match(request.method ?? '', request.url ?? '')
      if (matched === undefined) throw notFound('NOT_FOUND', 'There is nothing at this path.')
      const answer = await matched.answer(request, () => {
        const caller = callerOf(state, request)
        note.user = caller.name
        if (state.switches.checksContentType && !isPull(request)) checkMediaTypes(request)
        return caller
      })
      sendAnswer(response, answer)
    } catch (error) {
      if (isPull(request) && error instanceof Refusal && error.status === 401)
        response.setHeader(
          'www-authenticate',
          `Bearer realm="https://${state.host}/auth/token",service="${state.host}"`,
        )
      sendRefusal(response, 'enzi', error)
    }
  }
}

const pushTag = (state: RegistryState, push: LabPush): Tag => {
  const caller = state.ucp.callerOf(state.ucp.accounts.user(push.author))
  const fullName = `${push.namespace}/${push.repository}`
  if (state.repositories.find(fullName) === undefined && state.settings.createRepositoryOnPush) {
    const namespace = state.ucp.accounts.get(push.namespace)
    state.permissions.requireNamespaceAdmin(caller, namespace)
    state.createRepository(caller, namespace, push.repository, newRepositorySettings)
  }
  const repository = state.permissions.require(caller, fullName, 'read-write')
  const image = imageOf(push.image ?? {}, fullName, push.tag, String(repository.pushes), state.time())
  return state.push({ repository, name: push.tag, image, author: caller.name })
}

/** Starts the registry of one cluster on a free port of 127.0.0.1; it makes itself known to its UCP. */
export const startRegistry = async (options: RegistryOptions): Promise<Registry> => {
  const { authority, state: ucp } = options.ucp
  const state = new RegistryState({
    ucp,
    switches: { ...defaultRegistrySwitches, ...options.switches },
    later: options.later ?? timer,
  })
  const observed = { faults: new Faults(), log: new AccessLog() }
  const server = await authority.issueServer('registry')
  const door = await openFrontDoor({
    certificate: server.certificate,
    key: server.key,
    ...observed,
    now: ucp.now,
    handle: handlerOf(state, options.store),
  })
  state.host = `127.0.0.1:${door.port}`
  state.change({ dtrHost: state.host })
  ucp.configuration.trustRegistry({ host_address: state.host, ca_bundle: authority.certificate })
  ucp.isSigned = (image, signers) => state.isSigned(image, signers)
  return {
    address: door.address,
    caCertificate: authority.certificate,
    state,
    ...observed,
    pushTag: (push) => pushTag(state, push),
    effectiveLevel: (user, repository) =>
      state.permissions.effectiveLevel(
        ucp.callerOf(ucp.accounts.user(user)),
        state.repositories.get(repository),
      ),
    stop: async () => {
      await door.stop()
      await state.deliveries.settled()
    },
  }
}
