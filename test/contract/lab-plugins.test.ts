import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ensureBundle } from '../../bin/bundle.mjs'
import { isFault } from '../../src/core/fault.ts'
import { cacheFolder } from '../../src/engine/cache.ts'
import { dockerPlugin } from '../../src/lab/plugins/docker-plugin.ts'
import { installPlugins, wantedPlugins } from '../../src/lab/plugins/install-plugins.ts'
import { vaultPlugin } from '../../src/lab/plugins/vault-plugin.ts'
import { vspherePlugin } from '../../src/lab/plugins/vsphere-plugin.ts'
import { missingPart } from '../missing-part.ts'

const pulumi = join(cacheFolder('engine', '3.245.0'), 'pulumi')
if (!existsSync(pulumi)) missingPart('engine', 'installing plugins with the real Pulumi CLI')

const versionIn = async (sdk: string): Promise<string> =>
  (JSON.parse(await readFile(`node_modules/@pulumi/${sdk}/package.json`, 'utf8')) as { version: string })
    .version

describe('the plugins the lab wants', () => {
  it('are those that the stand-ins say they are and the SDK packages ask for', async () => {
    const said = [dockerPlugin, vaultPlugin, vspherePlugin].map(({ name, version }) => ({ name, version }))
    expect(wantedPlugins.map(({ name, version }) => ({ name, version }))).toEqual(said)
    for (const { name, version } of said.slice(0, 2)) expect(version).toBe(await versionIn(name))
  })
})

describe('installPlugins', () => {
  let folder: string
  let home: string
  let user: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tenantry-plugins-'))
    home = join(folder, 'lab')
    user = join(folder, 'user')
  })
  afterEach(() => rm(folder, { recursive: true }))

  const vaultOnly = wantedPlugins.filter(({ name }) => name === 'vault')
  const environment = () => ({ ...process.env, PULUMI_HOME: user })

  const giveUser = async (version: string, files: readonly string[]): Promise<void> => {
    const plugin = join(user, 'plugins', `resource-vault-v${version}`)
    await mkdir(plugin, { recursive: true })
    for (const file of files) await writeFile(join(plugin, file), 'vendor', { mode: 0o755 })
  }

  const neverPulumi = (bundle = 'export {}') => ({
    pulumi: '/nowhere/pulumi',
    home,
    bundle: async () => {
      const path = join(folder, 'bundle.mjs')
      await writeFile(path, bundle)
      return path
    },
    report: () => undefined,
    wanted: vaultOnly,
    environment: environment(),
  })

  it('takes the vendor’s plugin out of the user’s home and leaves that alone', async () => {
    await giveUser('7.8.1', ['pulumi-resource-vault'])
    const installed = await installPlugins(neverPulumi())
    expect(installed).toEqual([{ name: 'vault', version: '7.8.1', reality: 'real', origin: 'user' }])
    expect(await readdir(join(home, 'plugins', 'resource-vault-v7.8.1'))).toEqual(['pulumi-resource-vault'])
    expect(await readdir(join(user, 'plugins'))).toEqual(['resource-vault-v7.8.1'])
    expect(await installPlugins(neverPulumi())).toEqual(installed)
  })

  it.each([
    ['older', '7.7.9', ['pulumi-resource-vault']],
    ['of another major version', '8.0.0', ['pulumi-resource-vault']],
    ['empty', '7.8.0', []],
    ['a stand-in', '7.8.0', ['pulumi-resource-vault', 'stand-in.sha256']],
  ])('does not take one that is %s', async (_what, version, files) => {
    await giveUser(version, files)
    await expect(installPlugins(neverPulumi())).rejects.toSatisfy((error) => isFault(error, 'missing-tool'))
  })

  it.runIf(existsSync(pulumi))('installs all stand-ins so that the CLI knows them, once', async () => {
    const lines: string[] = []
    const request = { pulumi, home, bundle: ensureBundle, report: (line: string) => lines.push(line) }
    const installed = await installPlugins({ ...request, environment: environment() })
    expect(installed.map(({ reality }) => reality)).toEqual(['stand-in', 'stand-in', 'stand-in'])
    const env = { ...process.env, PULUMI_HOME: home, PULUMI_SKIP_UPDATE_CHECK: 'true' }
    const { stdout } = await promisify(execFile)(pulumi, ['plugin', 'ls', '--json'], { env })
    const known = (JSON.parse(stdout) as { name: string; version: string }[])
      .map(({ name, version }) => ({ name, version }))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
    expect(known).toEqual(wantedPlugins.map(({ name, version }) => ({ name, version })))
    expect(await installPlugins({ ...request, pulumi: '/nowhere', environment: environment() })).toEqual(
      installed,
    )
    expect(existsSync(user)).toBe(false)
  })

  it.runIf(existsSync(pulumi))('replaces a stand-in whose program changed', async () => {
    await installPlugins({ ...neverPulumi('export const a = 1'), pulumi })
    await installPlugins({ ...neverPulumi('export const a = 2'), pulumi })
    const main = join(home, 'plugins', 'resource-vault-v7.8.0', 'main.mjs')
    expect(await readFile(main, 'utf8')).toContain('a = 2')
  })
})
