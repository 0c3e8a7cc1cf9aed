import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import type { IncomingHttpHeaders } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Vault } from '../../src/clients/vault.ts'
import { Connections } from '../../src/deploy/connections.ts'
import { checkoutRoot } from '../../src/engine/checkout.ts'
import { initStack } from '../../src/engine/run-stack.ts'
import type { ClusterLab } from '../../src/lab/cluster-lab.ts'
import type { InjectedFault } from '../../src/lab/faults.ts'
import { usersFile } from '../../src/lab/lab-credentials.ts'
import type { StackState } from '../../src/model/desired-state.ts'
import { type EchoServer, startEchoServer } from './echo-server.ts'
import { failuresOf, type LabSession, openLabSession } from './lab-session.ts'
import { type KnownSecret, SecretSearch } from './secret-search.ts'

const organization = 'retail-banking'
const stack = `nonprod.${organization}`

let session: LabSession
let echo: EchoServer
/** Where the engine and its plugins leave what they leave. */
let leftovers: string

const nonprod = (): ClusterLab => {
  const found = session.lab.clusters.find(({ cluster }) => cluster.cluster === 'nonprod')
  if (found === undefined) throw new Error('no nonprod')
  return found
}

const root = (): Vault => new Vault({ address: nonprod().vault.address, token: nonprod().vault.rootToken })

/** The lab's passphrase is no secret: it is a constant in the sources (see src/lab/lab-credentials.ts). */
const isSecretFile = (file: string): boolean => !/passphrase$|ca\.pem$|cert\.pem$|users\.json$/.test(file)

const secretFiles = async (): Promise<readonly KnownSecret[]> => {
  const { layout } = session.lab
  const entries = await readdir(layout.secrets, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter(isSecretFile)
  const users = JSON.parse(await readFile(usersFile(layout), 'utf8')) as Record<string, string>
  return [
    ...(await Promise.all(
      files.map(async (file) => ({
        name: file.slice(layout.secrets.length),
        value: await readFile(file, 'utf8'),
      })),
    )),
    ...Object.entries(users).map(([name, value]) => ({ name: `password of ${name}`, value })),
  ]
}

/** The credentials of the storage back ends, which the lab seeds in Vault. */
const storageSecrets = async (): Promise<readonly KnownSecret[]> => {
  const vault = root()
  const paths = Object.values(nonprod().cluster.storage).flatMap((one) =>
    'credentials' in one ? [one.credentials] : [],
  )
  const found: KnownSecret[] = []
  for (const path of new Set(paths))
    for (const [field, value] of Object.entries((await vault.readSecret('platform', path))?.data ?? {}))
      if (field !== 'username') found.push({ name: `${path} ${field}`, value: String(value) })
  await vault.close()
  return found
}

const roleIds = async (states: readonly StackState[]): Promise<readonly KnownSecret[]> => {
  const vault = root()
  const found: KnownSecret[] = []
  for (const { resources } of states)
    for (const one of resources)
      if (one.kind === 'VaultAppRole') {
        const value = await vault.readRoleId(one.backend, one.name)
        if (value !== undefined) found.push({ name: `role id of ${one.name}`, value })
      }
  await vault.close()
  return found
}

const states = async (): Promise<readonly StackState[]> =>
  (await session.stacks([organization])).filter(({ cluster }) => cluster === 'nonprod')

/** Tokens that the lab's servers gave to our plugins, as seen at their doors. */
const seenTokens = new Set<string>()

const search = async (): Promise<SecretSearch> =>
  new SecretSearch([
    ...(await secretFiles()),
    ...(await storageSecrets()),
    ...(await roleIds(await states())),
    ...[...seenTokens].map((value, index) => ({ name: `session token ${index + 1}`, value })),
  ])

interface Said {
  readonly what: string
  readonly text: string
}

/** Everything that was printed so far. */
const said: Said[] = []

const runCommand = (
  command: string,
  options: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<string> =>
  new Promise((resolve) => {
    const env = { ...session.environment, TMPDIR: leftovers, ...environment }
    const settings = { cwd: checkoutRoot(), env, maxBuffer: 2 ** 30 }
    execFile(command, [...options], settings, (_, stdout, stderr) => {
      const text = `${stdout}\n${stderr}`
      said.push({ what: [command, ...options].join(' ').slice(-120), text })
      resolve(text)
    })
  })

const tenantry = (options: readonly string[], environment?: NodeJS.ProcessEnv): Promise<string> =>
  runCommand(
    process.execPath,
    [join(checkoutRoot(), 'bin', 'tenantry.mjs'), '--root', session.files, ...options],
    environment,
  )

const pulumi = (
  options: readonly string[],
  environment?: NodeJS.ProcessEnv,
  on: string = stack,
): Promise<string> =>
  runCommand('pulumi', [...options, '--non-interactive', '--color', 'never', '--stack', on], {
    TENANTRY_ROOT: session.files,
    ...environment,
  })

const selected = [organization, '--cluster', 'nonprod'] as const

/** Systems that are not there: what stands on them is not made. */
const nowhere = {
  ucp: { endpoint: 'https://127.0.0.1:1' },
  docker: { host: 'tcp://127.0.0.1:1' },
  vault: { address: 'http://127.0.0.1:1' },
}

/** A connections file that differs from the lab's in one cluster's entries. */
const writeConnections = async (name: string, change: Readonly<Record<string, object>>): Promise<string> => {
  const { layout } = session.lab
  const known = Connections.parse(JSON.parse(await readFile(layout.connections, 'utf8')))
  const nonprodConnection = known.clusters.nonprod as unknown as Record<string, object>
  const changed = Object.fromEntries(
    Object.entries(change).map(([system, part]) => [system, { ...nonprodConnection[system], ...part }]),
  )
  const file = join(layout.folder, `connections-${name}.json`)
  await writeFile(
    file,
    JSON.stringify({ clusters: { ...known.clusters, nonprod: { ...nonprodConnection, ...changed } } }),
  )
  return file
}

/** Brings the stack up as far as it comes with other connections. */
const upWith = async (name: string, change: Readonly<Record<string, object>>): Promise<string> => {
  const options = ['up', '--yes', '--skip-preview', '--diff', '--continue-on-error']
  return pulumi(options, { TENANTRY_CONNECTIONS: await writeConnections(name, change) })
}

/** The platform's stack looks things up in vCenter, which organizations do only where they have VMs. */
const previewPlatform = async (name: string, change: Readonly<Record<string, object>>): Promise<string> =>
  pulumi(
    ['preview', '--diff'],
    { TENANTRY_CONNECTIONS: await writeConnections(name, change) },
    'nonprod.platform',
  )

/** Every door notes the tokens it sees; calls that `refuses` picks are answered with the credentials they came with. */
const openDoors = (refuses: (method: string, url: string) => number | undefined, password: string): void => {
  const { ucp, registry } = nonprod()
  for (const { faults } of [ucp, registry])
    faults.next = (request): InjectedFault | undefined => {
      const { authorization = '' } = (request as { headers?: IncomingHttpHeaders }).headers ?? {}
      const [, token] = authorization.split(' ')
      if (token !== undefined && token.length >= 16) seenTokens.add(token)
      const status = refuses(request.method ?? '', request.url ?? '')
      if (status === undefined) return undefined
      return { kind: 'status', status, body: { message: `refused: ${authorization} ${password}` } }
    }
}

const leaksInText = async (): Promise<readonly string[]> => {
  const wanted = await search()
  return said.flatMap(({ what, text }) => wanted.text(what, text))
}

const searchedFolders = (): readonly string[] => {
  const { layout } = session.lab
  const project = checkoutRoot()
  return [
    layout.state,
    layout.pulumiHome,
    layout.logs,
    leftovers,
    join(project, 'stacks'),
    join(project, '.tenantry', 'desired'),
    join(project, '.tenantry', 'build'),
    join(project, 'plugins'),
  ]
}

const leaksInFiles = async (): Promise<readonly string[]> => {
  const wanted = await search()
  return (await Promise.all(searchedFolders().map((folder) => wanted.folder(folder)))).flat()
}

beforeAll(async () => {
  session = await openLabSession()
  echo = await startEchoServer()
  leftovers = join(session.files, 'leftovers')
  await mkdir(leftovers)
  const [platform] = await states()
  if (platform === undefined) throw new Error('no such stack')
  openDoors(() => undefined, '')
  expect(failuresOf((await session.run('up', [platform])).results)).toEqual([])
  await initStack({ stack, engine: session.engine, environment: session.environment })
})
afterAll(async () => {
  await echo?.stop()
  await session?.close()
  await rm(leftovers, { recursive: true, force: true })
})

describe('a secret of the lab', () => {
  test('is in no message of wrong credentials or a server that is not there', async () => {
    const wrong = 'wr0ng-but-still-a-secret'
    await writeFile(join(leftovers, '..', 'wrong'), wrong)
    const passwordFile = join(leftovers, '..', 'wrong')
    const cases = {
      ucp: { ucp: { passwordFile }, registry: { tokenFile: passwordFile } },
      vault: { vault: { tokenFile: passwordFile } },
      nowhere: {},
    }
    for (const [name, change] of Object.entries(cases))
      expect(await upWith(name, { ...nowhere, ...change }), name).toMatch(/error: /)
    expect(await previewPlatform('wrong-vcenter', { vcenter: { passwordFile } })).toContain('password')
    const planted = new SecretSearch([{ name: 'the wrong password', value: wrong }])
    expect(said.flatMap(({ what, text }) => planted.text(what, text))).toEqual([])
    for (const folder of searchedFolders()) expect(await planted.folder(folder)).toEqual([])
    expect(await leaksInText()).toEqual([])
  })

  test('is in no message of a server that repeats what it was sent', async () => {
    const endpoint = `https://${echo.host}`
    const caFile = join(leftovers, '..', 'echo-ca.pem')
    await writeFile(caFile, echo.caCertificate)
    const systems = {
      ucp: { ...nowhere, ucp: { endpoint, caFile }, registry: { endpoint, caFile } },
      vault: { ...nowhere, vault: { address: endpoint, caFile } },
    }
    for (const [system, change] of Object.entries(systems)) {
      const before = echo.calls()
      expect(await upWith(`echo-${system}`, change), system).toMatch(/refused/)
      expect(echo.calls(), system).toBeGreaterThan(before)
    }
    expect(await previewPlatform('echo-vcenter', { vcenter: { server: echo.host } })).toMatch(/refused/)
    expect(await leaksInText()).toEqual([])
    expect(await leaksInFiles()).toEqual([])
  })

  test('is in no message of a failed create', async () => {
    const { platformPassword } = nonprod()
    const met = new Map<string, number>()
    openDoors((method, url) => {
      const kind = /^\/(?:api\/v0\/)?(\w+)/.exec(url)?.[1] ?? url
      if (method === 'GET' || kind === 'auth' || kind === 'v1') return undefined
      const count = met.get(kind) ?? 0
      met.set(kind, count + 1)
      return count < 2 ? [403, 409, 500][met.size % 3] : undefined
    }, platformPassword.reveal())
    for (let run = 0; run < 3; run++) await upWith('no-docker', { docker: nowhere.docker })
    openDoors(() => undefined, '')
    expect([...met.keys()]).toEqual(expect.arrayContaining(['accounts', 'collections']))
    const caFile = join(leftovers, '..', 'echo-ca.pem')
    echo.answer(409)
    await upWith('no-docker', { docker: nowhere.docker })
    const text = await upWith('echo-docker', { docker: { host: `tcp://${echo.host}`, caFile } })
    for (const kind of ['volumes', 'secrets', 'networks', 'configs'])
      expect(text).toMatch(new RegExp(`refused POST /v[0-9.]+/${kind}/create`))
    expect(await leaksInText()).toEqual([])
    expect(await leaksInFiles()).toEqual([])
  })

  test('is in nothing that a good run prints or leaves', async () => {
    await tenantry(['preview', ...selected, '--full', '--json'])
    const up = await tenantry(['up', ...selected, '--full', '--json'])
    expect(up).toContain('"outcome": "succeeded"')
    await pulumi(['preview', '--diff', '--show-sames', '--show-reads'])
    await pulumi(['up', '--yes', '--skip-preview', '--diff', '--show-sames'])
    await pulumi(['refresh', '--yes', '--skip-preview', '--diff'])
    await pulumi(['stack', 'export'])
    await pulumi(['stack', '--show-ids'])
    expect(await leaksInText()).toEqual([])
    expect(await leaksInFiles()).toEqual([])
  })

  test('is in no line that a plugin adds to the engine’s verbose log', async () => {
    const text = await pulumi(['preview', '--diff', '-v=9', '--logtostderr', '--logflow'])
    said.pop()
    expect(text.length).toBeGreaterThan(100_000)
    const wanted = await search()
    // At this level the engine itself logs every value that it passes on, each line as JSON with its time.
    const ofOthers = text.split('\n').filter((line) => !line.startsWith('{"time":'))
    expect(ofOthers.join('\n').length).toBeGreaterThan(100)
    expect(wanted.text('what plugins and the program say', ofOthers.join('\n'))).toEqual([])
    const { length } = wanted.text('verbose log', text)
    console.log(`the engine's own log at -v=9 shows ${length} secrets in clear; nothing of ours asks for it`)
  })
})
