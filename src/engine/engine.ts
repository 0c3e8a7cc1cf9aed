import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, link, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { delimiter, join, resolve, sep } from 'node:path'
import { promisify } from 'node:util'
import { programEnvironment } from '../core/program-environment.ts'
import { cacheFolder, type Environment } from './cache.ts'
import { engineVersion, isCompatibleEngine } from './engine-version.ts'
import { buildGoTool } from './go-build.ts'

/** The Pulumi CLI with its Node language host beside it. */
export interface Engine {
  /** Absolute; to stand first on PATH. */
  readonly directory: string
  readonly version: string
  readonly origin: 'path' | 'cache' | 'installed' | 'built'
}

export interface EngineRequest {
  /** Told in sentences what happens. */
  readonly report: (line: string) => void
  readonly environment?: Environment
  readonly signal?: AbortSignal
}

interface Search extends EngineRequest {
  readonly environment: Environment
  readonly cache: string
}

const run = promisify(execFile)
const cli = 'pulumi'
const languageHost = 'pulumi-language-nodejs'
const vendorHost = 'https://get.pulumi.com/latest-version'
const reachMilliseconds = 4_000

const versionOf = async (directory: string): Promise<string | undefined> => {
  const environment = { ...programEnvironment(process.env), PULUMI_SKIP_UPDATE_CHECK: 'true' }
  const asked = run(join(directory, cli), ['version'], { env: environment, timeout: 15_000 })
  return asked.then(({ stdout }) => stdout.trim().replace(/^v/, '')).catch(() => undefined)
}

const holdsEngine = (directory: string): boolean =>
  existsSync(join(directory, cli)) && existsSync(join(directory, languageHost))

const onPath = async ({ environment, cache }: Search): Promise<Engine | undefined> => {
  const folders = (environment.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  const directory = folders.map((folder) => resolve(folder)).find((folder) => existsSync(join(folder, cli)))
  if (directory === undefined || !holdsEngine(directory)) return undefined
  if (directory === cache || directory.startsWith(cache + sep)) return undefined
  const version = await versionOf(directory)
  if (version === undefined || !isCompatibleEngine(version)) return undefined
  return { directory, version, origin: 'path' }
}

const vendorFolder = (cache: string): string => join(cache, 'vendor')

/**
 * The language host that can be built is older than the CLI, which no longer tells it the project's
 * `typescript: false`; without this it loads the TypeScript compiler at every run, 0.25 s on two cores.
 */
const wrapper = (host: string): string => `#!/bin/sh\nexec '${host}' -typescript=false "$@"\n`

/** The CLI warns of a language host that lies elsewhere than itself, so both get a folder: a hard link and the wrapper. */
const assemble = async (cache: string): Promise<string> => {
  const directory = join(cache, 'bin')
  if (holdsEngine(directory)) return directory
  const temporary = `${directory}.${process.pid}.new`
  await mkdir(temporary, { recursive: true })
  await link(join(cache, cli), join(temporary, cli))
  await writeFile(join(temporary, languageHost), wrapper(join(cache, languageHost)))
  await chmod(join(temporary, languageHost), 0o755)
  await rename(temporary, directory).catch((error: unknown) => {
    if (!holdsEngine(directory)) throw error
  })
  await rm(temporary, { recursive: true, force: true })
  return directory
}

const inCache = async ({ cache }: Search): Promise<Engine | undefined> => {
  const vendored = join(vendorFolder(cache), 'bin')
  if (holdsEngine(vendored)) return { directory: vendored, version: engineVersion, origin: 'cache' }
  if (!holdsEngine(cache)) return undefined
  return { directory: await assemble(cache), version: engineVersion, origin: 'cache' }
}

const vendorAnswers = async (): Promise<boolean> =>
  fetch(vendorHost, { signal: AbortSignal.timeout(reachMilliseconds) })
    .then(({ ok }) => ok)
    .catch(() => false)

/** Of the version of `@pulumi/pulumi`, which is the engine's. */
const installWithVendor = async (root: string): Promise<void> => {
  const { PulumiCommand } = await import('@pulumi/pulumi/automation/cmd.js')
  await PulumiCommand.install({ root })
}

const fromVendor = async ({ cache, environment, report }: Search): Promise<Engine | undefined> => {
  if (environment.TENANTRY_OFFLINE === '1') return undefined
  report(`the Pulumi engine ${engineVersion} is not here yet; asking its vendor for it`)
  if (!(await vendorAnswers())) {
    report('the vendor’s download host cannot be reached from here')
    return undefined
  }
  const directory = join(vendorFolder(cache), 'bin')
  try {
    await installWithVendor(vendorFolder(cache))
  } catch (error) {
    report(
      `the vendor’s installer did not succeed: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
  return holdsEngine(directory) ? { directory, version: engineVersion, origin: 'installed' } : undefined
}

const build = async ({ cache, environment, report, signal }: Search): Promise<Engine> => {
  const common = {
    tool: 'engine',
    version: engineVersion,
    environment,
    report,
    ...(signal === undefined ? {} : { signal }),
  }
  await buildGoTool({
    ...common,
    folder: 'tools/engine',
    package: 'github.com/pulumi/pulumi/pkg/v3/cmd/pulumi',
    output: cli,
    ldflags: `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${engineVersion}`,
  })
  await buildGoTool({
    ...common,
    folder: 'tools/language-host',
    package: 'github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs',
    output: languageHost,
    ldflags: '-s -w',
  })
  return { directory: await assemble(cache), version: engineVersion, origin: 'built' }
}

const origins: Readonly<Record<Engine['origin'], string>> = {
  path: 'found on PATH',
  cache: 'from the cache',
  installed: 'installed by its vendor’s installer',
  built: 'built from its Go modules',
}

const searchOf = (request: EngineRequest): Search => {
  const environment = request.environment ?? process.env
  return { ...request, environment, cache: cacheFolder('engine', engineVersion, environment) }
}

const findIn = async (search: Search): Promise<Engine | undefined> =>
  (await onPath(search)) ?? (await inCache(search))

/** The engine where it is here already: on PATH or in the cache. */
export const findEngine = (environment: Environment): Promise<Engine | undefined> =>
  findIn(searchOf({ environment, report: () => undefined }))

/**
 * The engine: on PATH when it is new enough, else from the cache, else installed the vendor's way, else built with Go.
 *
 * `TENANTRY_OFFLINE=1` leaves out the vendor.
 * @throws {Fault} `missing-tool` when it has to be built and cannot be, with what to do.
 */
export const ensureEngine = async (request: EngineRequest): Promise<Engine> => {
  const search = searchOf(request)
  const engine = (await findIn(search)) ?? (await fromVendor(search)) ?? (await build(search))
  request.report(`Pulumi engine ${engine.version}, ${origins[engine.origin]}: ${engine.directory}`)
  return engine
}
