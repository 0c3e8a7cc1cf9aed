import * as z from 'zod'
import { Fault, type FaultCode, type FaultDetails, isFault } from '../core/fault.ts'
import { Secret } from '../core/secret.ts'
import { Http, type HttpOptions, type RetryPolicy, standardRetries, type Tls } from './http.ts'
import type { HttpCall } from './http-call.ts'

export interface VaultOptions {
  /** `https://host:port`. */
  readonly address: string
  /** Undefined for calls that need none: health and logins. */
  readonly token?: Secret
  /** Vault Enterprise's namespace. */
  readonly namespace?: string
  readonly tls?: Tls
  /** Name of the system in messages; `Vault` where absent. */
  readonly system?: string
  readonly retries?: RetryPolicy
  /** Of one call, in milliseconds. */
  readonly timeoutMilliseconds?: number
  /** Injected in tests. */
  readonly sleep?: (milliseconds: number) => Promise<void>
}

export interface VaultHealth {
  readonly initialized: boolean
  readonly sealed: boolean
  readonly standby: boolean
  readonly version: string
}

/** A mounted secrets engine or auth method, as `sys/mounts/<path>` and `sys/auth/<path>` tell. */
export interface MountState {
  readonly type: string
  readonly description: string
  readonly accessor: string
  readonly options: Readonly<Record<string, string>>
  readonly defaultLeaseTtlSeconds: number
  readonly maxLeaseTtlSeconds: number
  readonly local: boolean
  readonly sealWrap: boolean
}

/** What a mount is made with or tuned to; what is absent stays as it is. */
export interface MountSettings {
  readonly description?: string
  readonly options?: Readonly<Record<string, string>>
  readonly defaultLeaseTtlSeconds?: number
  readonly maxLeaseTtlSeconds?: number
}

export interface NewMount extends MountSettings {
  readonly type: string
  readonly local?: boolean
  readonly sealWrap?: boolean
}

/** Fields of an AppRole role by the API's names, e.g. `token_policies`, `token_ttl`. */
export type AppRoleFields = Readonly<Record<string, string | number | boolean | readonly string[]>>

/** One version of a KV v2 secret. */
export interface KvSecret {
  readonly data: Readonly<Record<string, unknown>>
  readonly version: number
  readonly createdTime: string
  readonly customMetadata: Readonly<Record<string, string>>
}

export interface TokenState {
  readonly accessor: string
  readonly displayName: string
  readonly policies: readonly string[]
  /** 0 for one that does not expire. */
  readonly ttlSeconds: number
}

export interface NewToken {
  readonly policies: readonly string[]
  readonly displayName?: string
  readonly ttlSeconds?: number
  /** Renewable for ever, this many seconds at a time. */
  readonly periodSeconds?: number
}

const text = z.string()
const textMap = z
  .record(text, text)
  .nullish()
  .transform((map) => map ?? {})
const textList = z
  .array(text)
  .nullish()
  .transform((list) => list ?? [])

const Health = z.object({
  initialized: z.boolean(),
  sealed: z.boolean(),
  standby: z.boolean(),
  version: text,
})
const Mount = z.object({
  type: text,
  description: text.nullish(),
  accessor: text,
  options: textMap,
  config: z.object({ default_lease_ttl: z.number(), max_lease_ttl: z.number() }),
  local: z.boolean().default(false),
  seal_wrap: z.boolean().default(false),
})
const MountData = z.object({ data: Mount })
const MountsData = z.object({ data: z.record(text, z.object({ type: text, description: text.nullish() })) })
const PolicyData = z.object({ data: z.object({ policy: text }) })
const GroupData = z.object({ data: z.object({ policies: z.union([textList, text]) }) })
const FieldsData = z.object({ data: z.record(text, z.unknown()) })
const RoleIdData = z.object({ data: z.object({ role_id: text }) })
const SecretIdData = z.object({ data: z.object({ secret_id: text, secret_id_accessor: text }) })
const KeysData = z.object({ data: z.object({ keys: z.array(text) }) })
const AuthData = z.object({ auth: z.object({ client_token: text, policies: textList }) })
const TokenData = z.object({
  data: z.object({ accessor: text, display_name: text, policies: textList, ttl: z.number() }),
})
const WrapData = z.object({ wrap_info: z.object({ token: text }) })
const VersionData = z.object({ data: z.object({ current_version: z.number() }) })
const KvData = z.object({
  data: z.object({
    data: z.record(text, z.unknown()).nullable(),
    metadata: z.object({ version: z.number(), created_time: text, custom_metadata: textMap }),
  }),
})

/** One path of several segments, each encoded: `orgs/acme` stays two segments. */
const encodePath = (path: string): string =>
  path
    .split('/')
    .filter((segment) => segment !== '')
    .map(encodeURIComponent)
    .join('/')

/** Every text in a value, however deep. */
const textsIn = (value: unknown): readonly string[] => {
  if (typeof value === 'string') return [value]
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(textsIn) : []
}

const secretsIn = (value: unknown): readonly Secret[] => textsIn(value).map((one) => new Secret(one))

const settingsBody = (settings: MountSettings): Record<string, unknown> => ({
  ...(settings.description === undefined ? {} : { description: settings.description }),
  ...(settings.options === undefined ? {} : { options: settings.options }),
})

const leaseBody = (settings: MountSettings): Record<string, unknown> => ({
  ...(settings.defaultLeaseTtlSeconds === undefined
    ? {}
    : { default_lease_ttl: `${settings.defaultLeaseTtlSeconds}s` }),
  ...(settings.maxLeaseTtlSeconds === undefined ? {} : { max_lease_ttl: `${settings.maxLeaseTtlSeconds}s` }),
})

/** What an answer of Vault's means beyond its status. */
interface Meaning {
  readonly code: FaultCode
  readonly hint: string
}

const freshToken =
  'Put a fresh one into the token file that the connections file names, then run again; `vault token lookup` tells what is wrong with the old one.'

/** What Vault's own status codes mean. Source: Vault's HTTP API, "HTTP status codes", eventual consistency and sys/health. */
const meaningOf = ({ message, details: { status } }: Fault): Meaning | undefined => {
  if (status === 403 && /invalid token/i.test(message))
    return { code: 'unauthenticated', hint: `The token is wrong, has expired or was revoked. ${freshToken}` }
  if (status === 403)
    return {
      code: 'forbidden',
      hint: `The token may have expired or been revoked, or its policies do not cover this path: give it the platform’s policy, or a fresh token. ${freshToken}`,
    }
  if (status === 412)
    return {
      code: 'unavailable',
      hint: 'This node has not caught up with the others: wait, then run again.',
    }
  if (isUpgrading(message))
    return {
      code: 'unavailable',
      hint: 'The mount still turns itself into version 2: wait, then run again.',
    }
  if (status === 503 && /sealed/i.test(message))
    return { code: 'unavailable', hint: 'This Vault is sealed: unseal it, then run again.' }
  if (status === 472)
    return {
      code: 'unavailable',
      hint: 'This is a disaster recovery secondary: point the address to the primary.',
    }
  if (status === 473 || /standby/i.test(message))
    return { code: 'unavailable', hint: 'This Vault is a standby: point the address to the active one.' }
  if (status === 400 && /missing client token/i.test(message))
    return { code: 'unauthenticated', hint: `The call carried no token. ${freshToken}` }
  if (status === 400 && /check-and-set/i.test(message))
    return { code: 'conflict', hint: 'Somebody wrote a newer version meanwhile: look at it, then run again.' }
  return undefined
}

const explained = (error: unknown): unknown => {
  if (!(error instanceof Fault)) return error
  const meaning = meaningOf(error)
  if (meaning === undefined) return error
  const details: FaultDetails = { ...error.details, hint: meaning.hint }
  return new Fault(meaning.code, error.message, { cause: error, retryable: error.retryable, details })
}

const isGone = (error: unknown): boolean =>
  isFault(error, 'not-found') ||
  (isFault(error, 'invalid-request') && /^.*No (?:secret|auth) engine (?:mount )?at /is.test(error.message))

const isUpgrading = (message: string): boolean => /upgrading from non-versioned to versioned/i.test(message)

/** Whether the server did nothing because it is not ready for it: a mount that turns itself into version 2, a node that lags. */
const isNotReady = (error: unknown): boolean =>
  error instanceof Fault && (error.details.status === 412 || isUpgrading(error.message))

const notReadyWaits = [50, 100, 200, 400, 800, 1600]

const wait = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds))

/**
 * HashiCorp Vault's HTTP API, the parts that tenants need.
 *
 * Reads answer undefined for what is not there; removals of what is gone succeed. Paths are without leading or
 * trailing slash, e.g. `orgs/acme`.
 * Errors: `@throws {Fault}`; `forbidden` with a hint about the token, `unavailable` for a sealed or standby server.
 * Source: Vault's HTTP API, version 1.12 and later.
 */
export class Vault {
  readonly #http: Http
  readonly #token: Secret | undefined
  readonly #namespace: string | undefined
  readonly #sleep: (milliseconds: number) => Promise<void>

  constructor(options: VaultOptions) {
    const http: HttpOptions = {
      system: options.system ?? 'Vault',
      endpoint: options.address,
      credential: 'the Vault token',
      retries: options.retries ?? standardRetries,
      ...(options.tls === undefined ? {} : { tls: options.tls }),
      ...(options.sleep === undefined ? {} : { sleep: options.sleep }),
      ...(options.timeoutMilliseconds === undefined
        ? {}
        : { timeoutMilliseconds: options.timeoutMilliseconds }),
    }
    this.#http = new Http(http)
    this.#token = options.token
    this.#namespace = options.namespace
    this.#sleep = options.sleep ?? wait
  }

  get address(): string {
    return this.#http.endpoint
  }

  async close(): Promise<void> {
    await this.#http.close()
  }

  /** Answers for a sealed and for a standby server too. GET /v1/sys/health. */
  async health(): Promise<VaultHealth> {
    const codes =
      'standbyok=true&perfstandbyok=true&sealedcode=200&uninitcode=200&drsecondarycode=200&removedcode=200'
    return this.#read(Health, { method: 'GET', path: `/v1/sys/health?${codes}`, resource: 'health of Vault' })
  }

  /** GET /v1/auth/token/lookup-self. */
  async lookupSelf(): Promise<TokenState> {
    const { data } = await this.#read(TokenData, {
      method: 'GET',
      path: '/v1/auth/token/lookup-self',
      resource: 'our own token',
    })
    return {
      accessor: data.accessor,
      displayName: data.display_name,
      policies: data.policies,
      ttlSeconds: data.ttl,
    }
  }

  /** A child of our token. POST /v1/auth/token/create. */
  async createToken(token: NewToken): Promise<Secret> {
    const { auth } = await this.#read(AuthData, {
      method: 'POST',
      path: '/v1/auth/token/create',
      resource: 'a token',
      body: {
        policies: token.policies,
        ...(token.displayName === undefined ? {} : { display_name: token.displayName }),
        ...(token.ttlSeconds === undefined ? {} : { ttl: `${token.ttlSeconds}s` }),
        ...(token.periodSeconds === undefined ? {} : { period: `${token.periodSeconds}s` }),
      },
    })
    return new Secret(auth.client_token)
  }

  /** GET /v1/sys/mounts/:path. */
  async readMount(path: string): Promise<MountState | undefined> {
    return this.#readMountAt('mounts', path, `mount ${path}`)
  }

  /** GET /v1/sys/mounts: every mount by its path. */
  async listMounts(): Promise<ReadonlyMap<string, { readonly type: string; readonly description: string }>> {
    const call = { method: 'GET', path: '/v1/sys/mounts', resource: 'the mounts' } as const
    const { data } = await this.#read(MountsData, call)
    return new Map(
      Object.entries(data).map(([path, { type, description }]) => [
        path.replace(/\/$/, ''),
        { type, description: description ?? '' },
      ]),
    )
  }

  /** POST /v1/sys/mounts/:path. */
  async enableMount(path: string, mount: NewMount): Promise<void> {
    await this.#enableAt('mounts', path, mount, `mount ${path}`)
  }

  /** POST /v1/sys/mounts/:path/tune. */
  async tuneMount(path: string, settings: MountSettings): Promise<void> {
    await this.#tuneAt('mounts', path, settings, `mount ${path}`)
  }

  /** With everything in it. DELETE /v1/sys/mounts/:path. */
  async disableMount(path: string): Promise<void> {
    await this.#remove(`/v1/sys/mounts/${encodePath(path)}`, `mount ${path}`)
  }

  /** GET /v1/sys/auth/:path. */
  async readAuthBackend(path: string): Promise<MountState | undefined> {
    return this.#readMountAt('auth', path, `auth backend ${path}`)
  }

  /** POST /v1/sys/auth/:path. */
  async enableAuthBackend(path: string, backend: NewMount): Promise<void> {
    await this.#enableAt('auth', path, backend, `auth backend ${path}`)
  }

  /** POST /v1/sys/auth/:path/tune. */
  async tuneAuthBackend(path: string, settings: MountSettings): Promise<void> {
    await this.#tuneAt('auth', path, settings, `auth backend ${path}`)
  }

  /** Revokes every token it gave. DELETE /v1/sys/auth/:path. */
  async disableAuthBackend(path: string): Promise<void> {
    await this.#remove(`/v1/sys/auth/${encodePath(path)}`, `auth backend ${path}`)
  }

  /** The policy's HCL. GET /v1/sys/policies/acl/:name. */
  async readPolicy(name: string): Promise<string | undefined> {
    const answer = await this.#find(PolicyData, {
      method: 'GET',
      path: `/v1/sys/policies/acl/${encodePath(name)}`,
      resource: `policy ${name}`,
    })
    return answer?.data.policy
  }

  /** PUT /v1/sys/policies/acl/:name. */
  async writePolicy(name: string, policy: string): Promise<void> {
    await this.#send({
      method: 'PUT',
      path: `/v1/sys/policies/acl/${encodePath(name)}`,
      resource: `policy ${name}`,
      body: { policy },
    })
  }

  /** DELETE /v1/sys/policies/acl/:name. */
  async deletePolicy(name: string): Promise<void> {
    await this.#remove(`/v1/sys/policies/acl/${encodePath(name)}`, `policy ${name}`)
  }

  /** Policies of an LDAP group, sorted. GET /v1/auth/:backend/groups/:name. */
  async readLdapGroup(backend: string, name: string): Promise<readonly string[] | undefined> {
    const answer = await this.#find(GroupData, {
      method: 'GET',
      path: ldapGroupPath(backend, name),
      resource: `LDAP group ${name}`,
    })
    if (answer === undefined) return undefined
    const { policies } = answer.data
    return (
      typeof policies === 'string' ? policies.split(',').filter((one) => one !== '') : [...policies]
    ).sort()
  }

  /** POST /v1/auth/:backend/groups/:name. */
  async writeLdapGroup(backend: string, name: string, policies: readonly string[]): Promise<void> {
    await this.#send({
      method: 'POST',
      path: ldapGroupPath(backend, name),
      repeatable: true,
      resource: `LDAP group ${name}`,
      body: { policies },
    })
  }

  /**
   * DELETE /v1/auth/:backend/groups/:name, in the given and in the folded form: Vault folds the name when it writes
   * and reads a group, but not when it deletes one (1.19.0, seen), which would leave the policies granted.
   */
  async deleteLdapGroup(backend: string, name: string): Promise<void> {
    for (const one of new Set([name, name.toLowerCase()]))
      await this.#remove(ldapGroupPath(backend, one), `LDAP group ${name}`)
  }

  /** The LDAP configuration without its password. GET /v1/auth/:backend/config. */
  async readLdapConfig(backend: string): Promise<Readonly<Record<string, unknown>> | undefined> {
    const answer = await this.#find(FieldsData, {
      method: 'GET',
      path: `/v1/auth/${encodePath(backend)}/config`,
      resource: `LDAP configuration of ${backend}`,
    })
    return answer?.data
  }

  /** By the API's names, e.g. `url`, `groupdn`. POST /v1/auth/:backend/config. */
  async writeLdapConfig(backend: string, fields: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#send({
      method: 'POST',
      path: `/v1/auth/${encodePath(backend)}/config`,
      repeatable: true,
      resource: `LDAP configuration of ${backend}`,
      body: fields,
      secrets: secretsIn([fields.bindpass, fields.client_tls_key]),
    })
  }

  /** GET /v1/auth/:backend/role/:name. */
  async readAppRole(backend: string, name: string): Promise<Readonly<Record<string, unknown>> | undefined> {
    const answer = await this.#find(FieldsData, {
      method: 'GET',
      path: appRolePath(backend, name),
      resource: `AppRole ${name}`,
    })
    return answer?.data
  }

  /** Makes it or changes the given fields. POST /v1/auth/:backend/role/:name. */
  async writeAppRole(backend: string, name: string, fields: AppRoleFields): Promise<void> {
    await this.#send({
      method: 'POST',
      path: appRolePath(backend, name),
      repeatable: true,
      resource: `AppRole ${name}`,
      body: fields,
    })
  }

  /** DELETE /v1/auth/:backend/role/:name. */
  async deleteAppRole(backend: string, name: string): Promise<void> {
    await this.#remove(appRolePath(backend, name), `AppRole ${name}`)
  }

  /** GET /v1/auth/:backend/role/:name/role-id. */
  async readRoleId(backend: string, name: string): Promise<string | undefined> {
    const answer = await this.#find(RoleIdData, {
      method: 'GET',
      path: `${appRolePath(backend, name)}/role-id`,
      resource: `role id of AppRole ${name}`,
    })
    return answer?.data.role_id
  }

  /** POST /v1/auth/:backend/role/:name/role-id. */
  async writeRoleId(backend: string, name: string, roleId: string): Promise<void> {
    await this.#send({
      method: 'POST',
      path: `${appRolePath(backend, name)}/role-id`,
      repeatable: true,
      resource: `role id of AppRole ${name}`,
      body: { role_id: roleId },
      secrets: [new Secret(roleId)],
    })
  }

  /** A new one each time. POST /v1/auth/:backend/role/:name/secret-id. */
  async createSecretId(backend: string, name: string): Promise<Secret> {
    const { data } = await this.#read(SecretIdData, {
      method: 'POST',
      path: `${appRolePath(backend, name)}/secret-id`,
      resource: `secret id of AppRole ${name}`,
      body: {},
    })
    return new Secret(data.secret_id)
  }

  /** POST /v1/auth/:backend/login. */
  async loginWithAppRole(backend: string, roleId: string, secretId: Secret): Promise<Secret> {
    const { auth } = await this.#read(AuthData, {
      method: 'POST',
      path: `/v1/auth/${encodePath(backend)}/login`,
      resource: 'login by AppRole',
      body: { role_id: roleId, secret_id: secretId.reveal() },
      secrets: [new Secret(roleId), secretId],
    })
    return new Secret(auth.client_token)
  }

  /** POST /v1/auth/:backend/login/:username. */
  async loginWithLdap(backend: string, username: string, password: Secret): Promise<Secret> {
    const { auth } = await this.#read(AuthData, {
      method: 'POST',
      path: `/v1/auth/${encodePath(backend)}/login/${encodeURIComponent(username)}`,
      resource: `login of ${username} by LDAP`,
      body: { password: password.reveal() },
      secrets: [password],
    })
    return new Secret(auth.client_token)
  }

  /** The newest version, or the one asked for; undefined where deleted. GET /v1/:mount/data/:path. */
  async readSecret(mount: string, path: string, version?: number): Promise<KvSecret | undefined> {
    const query = version === undefined ? '' : `?version=${version}`
    const answer = await this.#find(KvData, {
      method: 'GET',
      path: `${kvPath(mount, 'data', path)}${query}`,
      resource: `secret ${mount}/${path}`,
    })
    if (answer === undefined || answer.data.data === null) return undefined
    const { data, metadata } = answer.data
    return {
      data,
      version: metadata.version,
      createdTime: metadata.created_time,
      customMetadata: metadata.custom_metadata,
    }
  }

  /**
   * A wrapping of the newest version of a secret, whose value is not seen here: a token that opens it once, at
   * `sys/wrapping/unwrap`, in that time. GET /v1/:mount/data/:path with `X-Vault-Wrap-TTL`.
   * @throws {Fault} `not-found` where there is no secret.
   */
  async wrapSecret(mount: string, path: string, ttlSeconds: number): Promise<Secret> {
    const { wrap_info } = await this.#read(WrapData, {
      method: 'GET',
      path: kvPath(mount, 'data', path),
      headers: { 'x-vault-wrap-ttl': `${ttlSeconds}s` },
      resource: `secret ${mount}/${path}`,
    })
    return new Secret(wrap_info.token)
  }

  /**
   * What a wrapping holds, which this client's own token is; after that it opens no more. POST /v1/sys/wrapping/unwrap.
   * @throws {Fault} `invalid-request` where it was opened already, is over, or never was.
   */
  async openWrapped(): Promise<Readonly<Record<string, unknown>>> {
    const call = {
      method: 'POST',
      path: '/v1/sys/wrapping/unwrap',
      body: {},
      resource: 'a wrapping',
    } as const
    return (await this.#read(KvData, call)).data.data ?? {}
  }

  /** Number of the newest version, deleted or not; 0 where there never was one. GET /v1/:mount/metadata/:path. */
  async newestVersion(mount: string, path: string): Promise<number> {
    const answer = await this.#find(VersionData, {
      method: 'GET',
      path: kvPath(mount, 'metadata', path),
      resource: `versions of secret ${mount}/${path}`,
    })
    return answer?.data.current_version ?? 0
  }

  /**
   * A new version. With `cas` only over that version, 0 for none. POST /v1/:mount/data/:path.
   */
  async writeSecret(
    mount: string,
    path: string,
    data: Readonly<Record<string, unknown>>,
    cas?: number,
  ): Promise<void> {
    await this.#send({
      method: 'POST',
      path: kvPath(mount, 'data', path),
      resource: `secret ${mount}/${path}`,
      body: cas === undefined ? { data } : { data, options: { cas } },
      secrets: secretsIn(data),
    })
  }

  /** Custom metadata of all versions. POST /v1/:mount/metadata/:path. */
  async writeSecretMetadata(
    mount: string,
    path: string,
    customMetadata: Readonly<Record<string, string>>,
  ): Promise<void> {
    await this.#send({
      method: 'POST',
      path: kvPath(mount, 'metadata', path),
      resource: `metadata of secret ${mount}/${path}`,
      body: { custom_metadata: customMetadata },
    })
  }

  /** The newest version; it can be undeleted. DELETE /v1/:mount/data/:path. */
  async deleteSecret(mount: string, path: string): Promise<void> {
    await this.#remove(kvPath(mount, 'data', path), `secret ${mount}/${path}`)
  }

  /** All versions, for good. DELETE /v1/:mount/metadata/:path. */
  async destroySecret(mount: string, path: string): Promise<void> {
    await this.#remove(kvPath(mount, 'metadata', path), `secret ${mount}/${path}`)
  }

  /** Names below a path, folders with a trailing slash, sorted. LIST /v1/:mount/metadata/:path. */
  async listSecrets(mount: string, path: string): Promise<readonly string[]> {
    const answer = await this.#find(KeysData, {
      method: 'GET',
      path: `${kvPath(mount, 'metadata', path)}?list=true`,
      resource: `secrets below ${mount}/${path}`,
    })
    return answer === undefined ? [] : [...answer.data.keys].sort()
  }

  async #readMountAt(
    area: 'mounts' | 'auth',
    path: string,
    resource: string,
  ): Promise<MountState | undefined> {
    const answer = await this.#find(MountData, {
      method: 'GET',
      path: `/v1/sys/${area}/${encodePath(path)}`,
      resource,
    })
    if (answer === undefined) return undefined
    const { data } = answer
    return {
      type: data.type,
      description: data.description ?? '',
      accessor: data.accessor,
      options: data.options,
      defaultLeaseTtlSeconds: data.config.default_lease_ttl,
      maxLeaseTtlSeconds: data.config.max_lease_ttl,
      local: data.local,
      sealWrap: data.seal_wrap,
    }
  }

  async #enableAt(area: 'mounts' | 'auth', path: string, mount: NewMount, resource: string): Promise<void> {
    await this.#send({
      method: 'POST',
      path: `/v1/sys/${area}/${encodePath(path)}`,
      resource,
      body: {
        type: mount.type,
        ...settingsBody(mount),
        config: leaseBody(mount),
        ...(mount.local === undefined ? {} : { local: mount.local }),
        ...(mount.sealWrap === undefined ? {} : { seal_wrap: mount.sealWrap }),
      },
    })
  }

  async #tuneAt(
    area: 'mounts' | 'auth',
    path: string,
    settings: MountSettings,
    resource: string,
  ): Promise<void> {
    await this.#send({
      method: 'POST',
      path: `/v1/sys/${area}/${encodePath(path)}/tune`,
      repeatable: true,
      resource,
      body: { ...settingsBody(settings), ...leaseBody(settings) },
    })
  }

  async #remove(path: string, resource: string): Promise<void> {
    try {
      await this.#send({ method: 'DELETE', path, resource })
    } catch (error) {
      if (!isGone(error)) throw error
    }
  }

  async #find<T>(shape: z.ZodType<T>, call: HttpCall): Promise<T | undefined> {
    try {
      return await this.#read(shape, call)
    } catch (error) {
      if (isGone(error)) return undefined
      throw error
    }
  }

  async #read<T>(shape: z.ZodType<T>, call: HttpCall): Promise<T> {
    const answer = shape.safeParse(await this.#send(call))
    if (answer.success) return answer.data
    throw new Fault(
      'protocol',
      `${this.address} answered ${call.resource ?? call.path} in an unknown form.`,
      {
        details: {
          endpoint: this.address,
          call: `${call.method} ${call.path.split('?', 1)[0]}`,
          hint: 'Check that the address is a Vault of version 1.12 or later, not a proxy’s page.',
        },
      },
    )
  }

  async #send(call: HttpCall): Promise<unknown> {
    const headers: Record<string, string | Secret> = {
      'x-vault-request': 'true',
      ...(this.#token === undefined ? {} : { 'x-vault-token': this.#token }),
      ...(this.#namespace === undefined ? {} : { 'x-vault-namespace': this.#namespace }),
      ...call.headers,
    }
    for (let attempt = 0; ; attempt++)
      try {
        return await this.#http.json({ ...call, headers })
      } catch (error) {
        const wait = isNotReady(error) ? notReadyWaits[attempt] : undefined
        if (wait === undefined) throw explained(error)
        await this.#sleep(wait)
      }
  }
}

const ldapGroupPath = (backend: string, name: string): string =>
  `/v1/auth/${encodePath(backend)}/groups/${encodeURIComponent(name)}`

const appRolePath = (backend: string, name: string): string =>
  `/v1/auth/${encodePath(backend)}/role/${encodeURIComponent(name)}`

const kvPath = (mount: string, area: 'data' | 'metadata', path: string): string =>
  `/v1/${encodePath(mount)}/${area}/${encodePath(path)}`
