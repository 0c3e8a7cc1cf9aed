import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Vault } from '../../src/clients/vault.ts'
import { joinTicketKey } from '../../src/core/join-ticket.ts'
import { Secret } from '../../src/core/secret.ts'
import { joinScript } from '../../src/deploy/join-script.ts'
import { type TestVault, vaults } from './vaults.ts'

const token = 'SWMTKN-1-the-token-of-the-workers'
const field = { kind: 'VaultField', mount: 'platform', path: 'swarm/nonprod', field: 'worker' } as const
const managers = ['10.60.0.11:2377', '10.60.0.12:2377']

interface Ended {
  readonly code: number
  readonly text: string
}

/** Runs the program that cloud-init runs, to its end. */
const python = (file: string, env: NodeJS.ProcessEnv): Promise<Ended> =>
  new Promise((resolve) => {
    execFile('python3', [file], { env: { PATH: process.env.PATH, ...env } }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), text: `${stdout}${stderr}` })
    })
  })

const hasPython = (await python('/dev/null', {})).code === 0
if (!hasPython)
  console.log('skipped: the first boot of a node (python3 was not found, which cloud-init runs on)')

/** An engine's socket: what it was asked, and whether it is in a swarm. */
class FakeEngine {
  readonly joins: unknown[] = []
  readonly #server: Server
  state = 'inactive'
  refusal: string | undefined
  /** Joins, and does not say so. */
  isForgetful = false

  constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const { status, body } = this.#answer(
          `${request.method} ${request.url}`,
          Buffer.concat(chunks).toString(),
        )
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      })
    })
  }

  #answer(call: string, body: string): { readonly status: number; readonly body: unknown } {
    if (call === 'GET /info') return { status: 200, body: { Swarm: { LocalNodeState: this.state } } }
    if (call !== 'POST /swarm/join') return { status: 404, body: { message: 'page not found' } }
    this.joins.push(JSON.parse(body))
    if (this.refusal !== undefined) return { status: 500, body: { message: this.refusal } }
    this.state = 'active'
    if (this.isForgetful) return { status: 500, body: { message: 'Timeout was reached before node joined.' } }
    return { status: 200, body: null }
  }

  listen(path: string): Promise<void> {
    return new Promise((resolve) => this.#server.listen(path, resolve))
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
    })
  }
}

/** Every file's text below a folder. */
const textsBelow = async (folder: string): Promise<string> => {
  const names = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = names.filter((one) => one.isFile())
  return (await Promise.all(files.map((one) => readFile(join(one.parentPath, one.name), 'utf8')))).join('\n')
}

describe.runIf(hasPython).each(vaults)(
  'the first boot of a node, with a Vault that is %s',
  (_name, start) => {
    let server: TestVault
    let platform: Vault
    let folder: string
    let engine: FakeEngine

    beforeAll(async () => {
      server = await start()
      platform = new Vault({ address: server.address, token: server.rootToken })
      await platform.enableMount('platform', { type: 'kv', options: { version: '2' } })
      await platform.writeSecret('platform', field.path, { worker: token })
    })
    afterAll(async () => {
      await platform?.close()
      await server?.stop()
    })
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'tenantry-first-boot-'))
      engine = new FakeEngine()
      await engine.listen(join(folder, 'docker.sock'))
      await writeFile(join(folder, 'join.py'), joinScript({ managers, vault: server.address, token: field }))
    })
    afterEach(async () => {
      await engine.stop()
      await rm(folder, { recursive: true, force: true })
    })

    /** Boots the machine with what its guestinfo holds. */
    const boot = async (ticket: string): Promise<Ended> => {
      const tool = join(folder, 'tool')
      await writeFile(tool, `#!/bin/sh\n[ "$2" = "info-get ${joinTicketKey}" ] && echo '${ticket}'\n`)
      await chmod(tool, 0o755)
      return python(join(folder, 'join.py'), {
        TENANTRY_GUEST_TOOL: tool,
        TENANTRY_DOCKER_SOCKET: join(folder, 'docker.sock'),
      })
    }
    const newTicket = async () => (await platform.wrapSecret('platform', field.path, 600)).reveal()

    test('joins paused, with a token that is nowhere on the machine and a ticket that opens nothing any more', async () => {
      const ticket = await newTicket()
      expect(await boot(ticket)).toEqual({ code: 0, text: '' })
      expect(engine.joins).toEqual([
        { ListenAddr: '0.0.0.0:2377', RemoteAddrs: managers, JoinToken: token, Availability: 'pause' },
      ])
      expect(await textsBelow(folder)).not.toContain('SWMTKN')
      engine.state = 'inactive'
      const again = await boot(ticket)
      expect(again.code).not.toBe(0)
      expect(again.text).toContain('somebody else has opened it. Replace the VM.')
      expect(engine.joins).toHaveLength(1)
    })

    test('does nothing on a machine that is in its swarm: another boot', async () => {
      engine.state = 'active'
      expect(await boot('hvs.spent')).toEqual({ code: 0, text: '' })
      expect(engine.joins).toEqual([])
    })

    test('tells what the engine refused, without the token', async () => {
      engine.refusal = `invalid join token ${token}`
      const { code, text } = await boot(await newTicket())
      expect(code).not.toBe(0)
      expect(text).toContain('The engine did not join (500)')
      expect(text).not.toContain('SWMTKN')
    })

    test('has joined where the engine says so although its answer did not', async () => {
      engine.isForgetful = true
      expect(await boot(await newTicket())).toEqual({ code: 0, text: '' })
      expect(engine.joins).toHaveLength(1)
    })

    test('is over for a ticket that somebody else has opened, who is found out by that', async () => {
      const ticket = await newTicket()
      const thief = new Vault({ address: server.address, token: new Secret(ticket) })
      expect(await thief.openWrapped()).toEqual({ worker: token })
      await thief.close()
      expect((await boot(ticket)).code).not.toBe(0)
      expect(engine.joins).toEqual([])
    })
  },
)
