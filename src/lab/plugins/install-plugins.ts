import { execFile } from 'node:child_process'
import { copyFile, link, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { create } from 'tar'
import { sha256 } from '../../core/canonical.ts'
import { Fault } from '../../core/fault.ts'

/** A vendor's plugin that our deployments need, and what stands in for it. */
export interface WantedPlugin {
  readonly name: string
  /** What the engine asks for: the SDK package's version. */
  readonly version: string
  /** Root of the stand-in below `src/`. */
  readonly entry: string
}

/** Versions are those of the SDK packages (docker, vault) and of the schema our vSphere classes follow. */
export const wantedPlugins: readonly WantedPlugin[] = [
  { name: 'docker', version: '5.2.0', entry: 'lab/plugins/docker-main' },
  { name: 'vault', version: '7.8.0', entry: 'lab/plugins/vault-main' },
  { name: 'vsphere', version: '4.18.2', entry: 'lab/plugins/vsphere-main' },
]

/** A plugin in the lab's PULUMI_HOME. */
export interface InstalledPlugin {
  readonly name: string
  readonly version: string
  readonly reality: 'real' | 'stand-in'
  /** Where a real one came from. */
  readonly origin: 'user' | 'download' | 'bundle'
}

export interface InstallRequest {
  /** Path of the Pulumi CLI. */
  readonly pulumi: string
  /** The lab's own PULUMI_HOME; never the user's. */
  readonly home: string
  /** Makes the bundle of a root and tells its path. */
  readonly bundle: (entry: string) => Promise<string>
  readonly report: (line: string) => void
  readonly wanted?: readonly WantedPlugin[]
  readonly environment?: NodeJS.ProcessEnv
}

interface Installation extends InstallRequest {
  readonly environment: NodeJS.ProcessEnv
}

const run = promisify(execFile)
const downloadMilliseconds = 120_000
const installMilliseconds = 60_000
const digestFile = 'stand-in.sha256'

const folderName = (name: string, version: string): string => `resource-${name}-v${version}`

const pluginsFolder = (home: string): string => join(home, 'plugins')

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** A shell script, so that the bundle runs as an ES module under the Node that runs us, whatever PATH says later. */
const launcher = (): string => `#!/bin/sh\nexec ${quoted(process.execPath)} "\${0%/*}/main.mjs" "$@"\n`

const pulumi = async (
  installation: Installation,
  args: readonly string[],
  timeout: number,
): Promise<string> => {
  const env = {
    ...installation.environment,
    PULUMI_HOME: installation.home,
    PULUMI_SKIP_UPDATE_CHECK: 'true',
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
  }
  const { stdout } = await run(installation.pulumi, ['--non-interactive', ...args], { env, timeout })
  return stdout
}

const readText = (path: string): Promise<string | undefined> => readFile(path, 'utf8').catch(() => undefined)

/** The archive of a stand-in: launcher, bundle, and the digest it is known by. */
const pack = async (
  folder: string,
  wanted: WantedPlugin,
  bundle: string,
  digest: string,
): Promise<string> => {
  const launcherName = `pulumi-resource-${wanted.name}`
  await writeFile(join(folder, launcherName), launcher(), { mode: 0o755 })
  await writeFile(join(folder, 'main.mjs'), bundle)
  await writeFile(join(folder, digestFile), `${digest}\n`)
  const archive = join(folder, `pulumi-resource-${wanted.name}-v${wanted.version}.tgz`)
  await create({ gzip: true, file: archive, cwd: folder, portable: true }, [
    launcherName,
    'main.mjs',
    digestFile,
  ])
  return archive
}

const installStandIn = async (installation: Installation, wanted: WantedPlugin): Promise<InstalledPlugin> => {
  const bundle = await readFile(await installation.bundle(wanted.entry), 'utf8')
  const digest = sha256(launcher() + bundle)
  const installed = join(pluginsFolder(installation.home), folderName(wanted.name, wanted.version))
  const result = {
    name: wanted.name,
    version: wanted.version,
    reality: 'stand-in',
    origin: 'bundle',
  } as const
  if ((await readText(join(installed, digestFile)))?.trim() === digest) return result
  const folder = await mkdtemp(join(tmpdir(), 'tenantry-plugin-'))
  try {
    const archive = await pack(folder, wanted, bundle, digest)
    const { name, version } = wanted
    const args = ['plugin', 'install', 'resource', name, `v${version}`, '--file', archive, '--reinstall']
    await pulumi(installation, args, installMilliseconds)
  } catch (cause) {
    throw new Fault('missing-tool', `The stand-in for the plugin ${wanted.name} could not be installed.`, {
      cause,
      details: { resource: wanted.name, hint: `Remove ${installed} and run again.` },
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return result
}

const parts = (version: string): readonly number[] => version.split('.').map(Number)

/** Same major version, and not older than what is asked for. */
const serves = (version: string, wanted: string): boolean => {
  const [major = 0, minor = 0, patch = 0] = parts(version)
  const [wantedMajor = 0, wantedMinor = 0, wantedPatch = 0] = parts(wanted)
  if (major !== wantedMajor) return false
  return minor === wantedMinor ? patch >= wantedPatch : minor > wantedMinor
}

/** Folder and version of the vendor's plugin below a PULUMI_HOME; a stand-in of ours does not count. */
const findVendors = async (
  home: string,
  wanted: WantedPlugin,
): Promise<{ readonly folder: string; readonly version: string } | undefined> => {
  const names = await readdir(pluginsFolder(home)).catch((): string[] => [])
  for (const name of names.sort().reverse()) {
    const [, plugin, version] = /^resource-(.+)-v(\d+\.\d+\.\d+)$/.exec(name) ?? []
    if (plugin !== wanted.name || version === undefined || !serves(version, wanted.version)) continue
    const folder = join(pluginsFolder(home), name)
    const files = await readdir(folder).catch((): string[] => [])
    if (files.includes(`pulumi-resource-${wanted.name}`) && !files.includes(digestFile))
      return { folder, version }
  }
  return undefined
}

/** The engine does not look into linked folders, so the files are linked, or copied where that cannot be. */
const adopt = async (source: string, target: string): Promise<void> => {
  const temporary = `${target}.${process.pid}.new`
  await mkdir(temporary, { recursive: true })
  for (const entry of await readdir(source, { withFileTypes: true })) {
    if (!entry.isFile()) continue
    const [from, to] = [join(source, entry.name), join(temporary, entry.name)]
    await link(from, to).catch(() => copyFile(from, to))
  }
  await rm(target, { recursive: true, force: true })
  await rename(temporary, target)
}

const fromUser = async (
  installation: Installation,
  wanted: WantedPlugin,
): Promise<InstalledPlugin | undefined> => {
  const { environment, home } = installation
  const userHome = environment.PULUMI_HOME || join(environment.HOME ?? homedir(), '.pulumi')
  const result = (version: string): InstalledPlugin => ({
    name: wanted.name,
    version,
    reality: 'real',
    origin: 'user',
  })
  const ready = await findVendors(home, wanted)
  if (ready !== undefined) return result(ready.version)
  if (resolve(userHome) === resolve(home)) return undefined
  const found = await findVendors(userHome, wanted)
  if (found === undefined) return undefined
  await adopt(found.folder, join(pluginsFolder(home), folderName(wanted.name, found.version)))
  return result(found.version)
}

const fromVendor = async (
  installation: Installation,
  wanted: WantedPlugin,
): Promise<InstalledPlugin | undefined> => {
  if (installation.environment.TENANTRY_VENDOR_PLUGINS !== 'download') return undefined
  installation.report(`downloading the plugin ${wanted.name} ${wanted.version} from its vendor`)
  try {
    const args = ['plugin', 'install', 'resource', wanted.name, `v${wanted.version}`]
    await pulumi(installation, args, downloadMilliseconds)
    return { name: wanted.name, version: wanted.version, reality: 'real', origin: 'download' }
  } catch {
    installation.report(`the plugin ${wanted.name} cannot be downloaded: its stand-in takes its place`)
    return undefined
  }
}

const installOne = async (installation: Installation, wanted: WantedPlugin): Promise<InstalledPlugin> =>
  (await fromUser(installation, wanted)) ??
  (await fromVendor(installation, wanted)) ??
  (await installStandIn(installation, wanted))

/**
 * Puts the plugins that our deployments need into the lab's PULUMI_HOME: the vendor's where the user has it, or where
 * `TENANTRY_VENDOR_PLUGINS=download` asks for it and it can be had, else our stand-in. What is there already stays.
 *
 * Never writes to the user's PULUMI_HOME. @throws {Fault} `missing-tool` when the CLI refuses a stand-in.
 */
export const installPlugins = async (request: InstallRequest): Promise<readonly InstalledPlugin[]> => {
  const installation = { ...request, environment: request.environment ?? process.env }
  await mkdir(pluginsFolder(request.home), { recursive: true, mode: 0o700 })
  return Promise.all((request.wanted ?? wantedPlugins).map((wanted) => installOne(installation, wanted)))
}
