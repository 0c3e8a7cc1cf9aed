import { chmod, cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkoutRoot } from '../../src/engine/checkout.ts'
import { ensureEngine } from '../../src/engine/engine.ts'
import type { StackRun } from '../../src/engine/engine-attempt.ts'
import { destroyStack, previewStack, refreshStack, upStack } from '../../src/engine/run-stack.ts'
import { runStacks } from '../../src/engine/run-stacks.ts'
import { hasChanges } from '../../src/engine/stack-result.ts'
import { stackStatus } from '../../src/engine/stack-status.ts'
import type { StackState } from '../../src/model/desired-state.ts'
import type { Resource } from '../../src/model/resource.ts'
import { accessOnly } from '../deploy/every-kind.ts'

const root = checkoutRoot()
let folder: string
let engine: string

const projectFile = `name: tenantry
runtime:
  name: nodejs
  options:
    typescript: false
main: ${join(root, 'bin/program.mjs')}
stackConfigDir: stacks
plugins:
  providers:
    - name: ucp
      path: ucp
`

const starter = '#!/bin/sh\nexec node "$(dirname "$0")/main.mjs" "$@"\n'

/** A plugin that accepts everything, in place of the `ucp` one: what is tried is the program and the engine. */
const makePlugin = async (): Promise<void> => {
  const banner = [
    "import { createRequire } from 'node:module'",
    'const require = createRequire(import.meta.url)',
    "const __dirname = '.', __filename = 'main.mjs'",
  ].join(';')
  await build({
    entryPoints: [join(import.meta.dirname, 'fixtures/echo-plugin.ts')],
    outfile: join(folder, 'ucp/main.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['typescript'],
    banner: { js: banner },
    logLevel: 'error',
  })
  await writeFile(join(folder, 'ucp/pulumi-resource-ucp'), starter)
  await chmod(join(folder, 'ucp/pulumi-resource-ucp'), 0o755)
}

const ucpOnly = {
  ucp: { endpoint: 'https://127.0.0.1:9', username: 'svc', passwordFile: 'password' },
  docker: { caFile: 'password', certFile: 'password', keyFile: 'password' },
  registry: { endpoint: 'https://127.0.0.1:9', username: 'svc', tokenFile: 'password' },
  vault: { tokenFile: 'nowhere' },
  vcenter: { user: 'svc', passwordFile: 'nowhere' },
}

const write = async (name: string, value: unknown): Promise<string> => {
  const file = join(folder, name)
  await writeFile(file, typeof value === 'string' ? value : JSON.stringify(value))
  return file
}

const environment = (): Record<string, string | undefined> => ({
  ...process.env,
  PULUMI_HOME: join(folder, 'home'),
  PULUMI_BACKEND_URL: `file://${join(folder, 'state')}`,
  PULUMI_CONFIG_PASSPHRASE: 'test',
  PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
  TENANTRY_CONNECTIONS: join(folder, 'connections.json'),
})

const run = (stack: string, desired?: string, more: Record<string, string> = {}): StackRun => ({
  stack,
  engine,
  environment: { ...environment(), ...more },
  project: folder,
  ...(desired === undefined ? {} : { desired }),
})

const stateOf = async (stack: string, resources: readonly Resource[]): Promise<string> =>
  write(`${stack}.json`, { ...accessOnly, stack, resources } satisfies StackState)

const described = (description: string): Resource[] =>
  accessOnly.resources.map((one) =>
    one.kind === 'Team' && one.key === 'team-operators' ? { ...one, description } : one,
  )

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-program-'))
  for (const name of ['home', 'state', 'stacks', 'ucp']) await mkdir(join(folder, name))
  await write('Pulumi.yaml', projectFile)
  await write('password', 'a-password-of-the-lab\n')
  await write('connections.json', { clusters: { nonprod: ucpOnly } })
  await makePlugin()
  engine = (await ensureEngine({ report: (line) => console.log(line) })).directory
})

afterAll(() => rm(folder, { recursive: true, force: true }))

describe('a stack’s life under the real engine', () => {
  test('is previewed, made, unchanged, changed by one property, refreshed, and removed', async () => {
    const first = await stateOf('nonprod.acme', accessOnly.resources)
    const all = accessOnly.resources.length
    expect(await previewStack(run('nonprod.acme', first))).toMatchObject({
      outcome: 'succeeded',
      counts: { create: all, same: 0 },
      diagnostics: [],
      plugins: [{ name: 'ucp' }],
    })
    const steps: string[] = []
    const made = await upStack({
      ...run('nonprod.acme', first),
      onProgress: ({ name, step }) => steps.push(`${step} ${name}`),
    })
    expect(made).toMatchObject({ outcome: 'succeeded', counts: { create: all } })
    expect(steps.indexOf('create organization')).toBeLessThan(steps.indexOf('create grant-developers'))
    expect(hasChanges(await upStack(run('nonprod.acme', first)))).toBe(false)

    const second = await stateOf('nonprod.acme', described('Operators of acme'))
    const changed = (await previewStack(run('nonprod.acme', second))).resources.filter(
      ({ change }) => change !== 'same',
    )
    expect(changed).toMatchObject([
      { name: 'team-operators', change: 'update', properties: [{ path: 'description', change: 'update' }] },
    ])

    expect(await refreshStack(run('nonprod.acme'))).toMatchObject({
      outcome: 'succeeded',
      counts: { same: all },
    })
    expect(await stackStatus(run('nonprod.acme'))).toMatchObject({
      exists: true,
      resources: { 'ucp:index:Team': 2 },
      pending: [],
    })
    expect(await destroyStack(run('nonprod.acme'))).toMatchObject({
      outcome: 'succeeded',
      counts: { delete: all },
    })
  })

  test('data is protected in the state, and destroying asks for no more', async () => {
    const retained = accessOnly.resources.map((one) =>
      one.key === 'organization' ? { ...one, retained: 'data' as const } : one,
    )
    await upStack(run('nonprod.kept', await stateOf('nonprod.kept', retained)))
    const without = await stateOf('nonprod.kept', [])
    const refused = await upStack(run('nonprod.kept', without))
    expect(refused.outcome).toBe('failed')
    expect(refused.diagnostics.map(({ hint }) => hint ?? '').join()).toContain('pulumi state unprotect')
    expect((await destroyStack(run('nonprod.kept'))).outcome).toBe('succeeded')
  })
})

describe('what cannot be run', () => {
  test('says which file is missing and touches nothing', async () => {
    const desired = await stateOf('nonprod.unreached', accessOnly.resources)
    const result = await upStack(
      run('nonprod.unreached', desired, { TENANTRY_CONNECTIONS: join(folder, 'nowhere.json') }),
    )
    expect(result).toMatchObject({ outcome: 'failed', resources: [] })
    expect(result.diagnostics).toHaveLength(1)
    expect(result.diagnostics[0]?.message).toMatch(
      /connections of cluster nonprod should lie in .*nowhere\.json/,
    )
  })

  test('says which passphrase variable to set', async () => {
    const desired = await stateOf('nonprod.locked', accessOnly.resources)
    await upStack(run('nonprod.locked', desired))
    const result = await upStack(run('nonprod.locked', desired, { PULUMI_CONFIG_PASSPHRASE: 'wrong' }))
    expect(result.diagnostics[0]?.hint).toContain('PULUMI_CONFIG_PASSPHRASE')
  })

  test('goes on over the salt that another back end’s run left in the checkout', async () => {
    const desired = await stateOf('nonprod.moved', accessOnly.resources)
    expect((await upStack(run('nonprod.moved', desired))).outcome).toBe('succeeded')
    await mkdir(join(folder, 'state2'))
    const elsewhere = {
      PULUMI_BACKEND_URL: `file://${join(folder, 'state2')}`,
      PULUMI_CONFIG_PASSPHRASE: 'other',
    }
    expect(await upStack(run('nonprod.moved', desired, elsewhere))).toMatchObject({
      outcome: 'succeeded',
      counts: { create: accessOnly.resources.length },
    })
    expect(hasChanges(await previewStack(run('nonprod.moved', desired)))).toBe(false)
  })

  test('lets the engine end properly when it is called off, and frees the stack', async () => {
    const desired = await stateOf('nonprod.calledoff', accessOnly.resources)
    const stop = new AbortController()
    const result = await upStack({
      ...run('nonprod.calledoff', desired),
      onProgress: () => stop.abort(),
      signal: stop.signal,
    })
    expect(result.outcome).toBe('cancelled')
    expect(await upStack(run('nonprod.calledoff', desired))).toMatchObject({ outcome: 'succeeded' })
    expect((await stackStatus(run('nonprod.calledoff'))).pending).toEqual([])
  })

  test('a stack that does not exist has no status but a place', async () => {
    expect(await stackStatus(run('nonprod.never'))).toEqual({
      stack: 'nonprod.never',
      exists: false,
      resources: {},
      pending: [],
    })
  })

  test('a failed stack stops no other', async () => {
    const good = await stateOf('nonprod.good', accessOnly.resources)
    const done: string[] = []
    const results = await runStacks(
      [run('nonprod.good', good), run('nonprod.bad', good), run('nonprod.platform', good)],
      { operation: 'preview', parallel: 2, onDone: ({ stack }) => done.push(stack) },
    )
    expect(results.map(({ stack, outcome }) => `${stack} ${outcome}`)).toEqual([
      'nonprod.good succeeded',
      'nonprod.bad failed',
      'nonprod.platform failed',
    ])
    expect(done[0]).toBe('nonprod.platform')
  })

  test('a run that was called off is not started', async () => {
    const results = await runStacks([run('nonprod.good')], { operation: 'up', signal: AbortSignal.abort() })
    expect(results).toMatchObject([{ outcome: 'cancelled', seconds: 0 }])
  })
})

describe('the program by itself, as plain `pulumi` runs it', () => {
  const fleet = () => join(folder, 'fleet')

  beforeAll(async () => {
    for (const name of ['tenants', 'stacks']) await mkdir(join(fleet(), name), { recursive: true })
    await cp(join(root, 'stacks/nonprod.ts'), join(fleet(), 'stacks/nonprod.ts'))
    await symlink(join(root, 'src'), join(fleet(), 'src'))
  })

  test('names the nearest stack for one that no file makes', async () => {
    const result = await previewStack(run('nonprod.platfrom', undefined, { TENANTRY_ROOT: fleet() }))
    expect(result.outcome).toBe('failed')
    expect(result.diagnostics[0]?.message).toMatch(/no.* stack nonprod\.platfrom.*nonprod\.platform/is)
  })

  test('prints every issue and registers nothing', async () => {
    await writeFile(join(fleet(), 'tenants/broken.ts'), 'export default defineTenant({ ...everything })\n')
    const result = await previewStack(run('nonprod.platform', undefined, { TENANTRY_ROOT: fleet() }))
    expect(result).toMatchObject({ outcome: 'failed', resources: [] })
    expect(result.diagnostics[0]?.message).toMatch(/tenants\/broken\.ts:1:\d+ .*\[/)
    await rm(join(fleet(), 'tenants/broken.ts'))
  })
})
