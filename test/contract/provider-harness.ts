import { expect } from 'vitest'
import type { Clock } from '../../src/clients/clock.ts'
import { Secret } from '../../src/core/secret.ts'
import { type Ucp as Emulator, startUcp, type UcpOptions } from '../../src/lab/ucp/server.ts'
import type { EmulatorSwitches } from '../../src/lab/ucp/switches.ts'
import type { CheckFailure, DiffResult, Properties, ResourceContext } from '../../src/provider/plugin.ts'
import type { UcpClient } from '../../src/provider/ucp/client.ts'
import { type UcpPluginOptions, ucpPlugin } from '../../src/provider/ucp/plugin.ts'

/** A clock that nobody waits for: what waits moves it on. */
export const fastClock = (): Clock & { readonly waited: () => number } => {
  let at = 0
  return {
    now: () => at,
    waited: () => at,
    wait: async (milliseconds, signal) => {
      signal?.throwIfAborted()
      at += milliseconds
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

export const directory = {
  users: ['ada', 'bob', 'cyd', 'dan'].map((name) => ({
    name,
    fullName: name.toUpperCase(),
    mail: `${name}@bank.example`,
  })),
  groups: [
    { dn: 'CN=RB-Developers,OU=Groups,DC=bank,DC=example', members: ['ada', 'bob'] },
    { dn: 'CN=RB-Release,OU=Groups,DC=bank,DC=example', members: ['cyd'] },
  ],
}

export const adminPassword = new Secret('correct-horse-battery')

/** An emulator with the directory above and the admin `svc-tenantry`. */
export const startEmulator = (
  switches: Partial<EmulatorSwitches> = {},
  more: Partial<UcpOptions> = {},
): Promise<Emulator> =>
  startUcp({
    cluster: 'nonprod',
    directory,
    users: [
      { name: 'svc-tenantry', isAdmin: true, password: adminPassword },
      { name: 'eve', password: new Secret('not-an-admin-at-all') },
    ],
    switches,
    ...more,
  })

/** One process of the plugin, driven as the engine does. */
export const driveFor = (
  emulator: Pick<Emulator, 'address' | 'caCertificate'>,
  more: Properties = {},
  http: UcpPluginOptions['http'] = { timeoutMilliseconds: 400 },
): Drive => {
  const clock = fastClock()
  const plugin = ucpPlugin({ clock, ...(http === undefined ? {} : { http }) })
  const client = plugin.configure({
    endpoint: emulator.address,
    username: 'svc-tenantry',
    password: adminPassword.reveal(),
    caCertificate: emulator.caCertificate,
    registryEndpoint: 'https://127.0.0.1:1',
    registryUsername: 'svc-tenantry',
    registryToken: adminPassword.reveal(),
    owner: 'nonprod.acme',
    ...more,
  })
  return new Drive(plugin, client, clock)
}

export interface State {
  readonly token: string
  readonly id: string
  readonly inputs: Properties
  readonly outputs: Properties
}

export class Drive {
  readonly plugin: ReturnType<typeof ucpPlugin>
  readonly client: UcpClient
  readonly clock: ReturnType<typeof fastClock>
  readonly stopping = new AbortController()
  readonly lines: string[] = []

  constructor(plugin: ReturnType<typeof ucpPlugin>, client: UcpClient, clock: ReturnType<typeof fastClock>) {
    this.plugin = plugin
    this.client = client
    this.clock = clock
  }

  get context(): ResourceContext {
    return {
      urn: 'urn:pulumi:nonprod.acme::tenantry::test::one',
      signal: this.stopping.signal,
      log: (severity, message) => this.lines.push(`${severity}: ${message}`),
    }
  }

  type(token: string) {
    const type = this.plugin.resources[token]
    if (type === undefined) throw new Error(`no type ${token}`)
    return type
  }

  check(token: string, inputs: Properties): { inputs: Properties; failures: readonly CheckFailure[] } {
    return this.type(token).check(inputs, undefined)
  }

  async create(token: string, given: Properties): Promise<State> {
    const { inputs, failures } = this.check(token, given)
    expect(failures).toEqual([])
    const { id, outputs } = await this.type(token).create(this.client, inputs, this.context)
    return { token, id, inputs, outputs: { ...inputs, ...outputs } }
  }

  async read(state: State): Promise<State | undefined> {
    const { token } = state
    const read = await this.type(token).read(this.client, state.id, state.inputs, state.outputs, this.context)
    return read === undefined ? undefined : { token, ...read }
  }

  async import(token: string, id: string): Promise<State | undefined> {
    const read = await this.type(token).read(this.client, id, undefined, undefined, this.context)
    return read === undefined ? undefined : { token, ...read }
  }

  diff(state: State, given: Properties): DiffResult {
    const { inputs, failures } = this.check(state.token, given)
    expect(failures).toEqual([])
    return this.type(state.token).diff(state, inputs)
  }

  async update(state: State, given: Properties): Promise<State> {
    const { inputs, failures } = this.check(state.token, given)
    expect(failures).toEqual([])
    const { id, token } = state
    const outputs = await this.type(token).update(this.client, id, state.outputs, inputs, this.context)
    return { token, id, inputs, outputs: { ...inputs, ...outputs } }
  }

  async delete(state: State): Promise<void> {
    await this.type(state.token).delete(this.client, state.id, state.outputs, this.context)
  }

  /** What the server says at a path, with the plugin's own session. */
  async see(path: string): Promise<unknown> {
    return this.client.ucp.json({ method: 'GET', path })
  }

  async close(): Promise<void> {
    await this.client.ucp.close()
    await this.client.registry.close()
  }
}

/** What a call throws. */
export const thrownBy = async (call: Promise<unknown>): Promise<Error> => {
  try {
    await call
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error('it was expected to fail')
}

/** Reads back exactly what was made, as a refresh does, and finds no difference. */
export const expectStable = async (drive: Drive, state: State): Promise<void> => {
  const read = await drive.read(state)
  expect(read).toEqual(state)
  expect(drive.diff(state, state.inputs).changes).toBe(false)
  const imported = await drive.import(state.token, state.id)
  expect(imported?.id).toBe(state.id)
}
