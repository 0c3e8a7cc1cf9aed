import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { Fault } from '../core/fault.ts'
import { programEnvironment } from '../core/program-environment.ts'
import { cacheFolder, type Environment } from './cache.ts'
import { checkoutRoot } from './checkout.ts'
import { withFileLock } from './file-lock.ts'

/** What to build. `tool` and `version` name its place in the cache, `output` the file there. */
export interface GoBuild {
  readonly tool: string
  readonly version: string
  /** Folder with our go.mod, absolute or relative to the checkout, e.g. `tools/engine`. */
  readonly folder: string
  /** Go package, e.g. `github.com/pulumi/pulumi/pkg/v3/cmd/pulumi`, or `.`. */
  readonly package: string
  readonly output: string
  readonly ldflags?: string
  /** Told in sentences what happens; at least every 15 s while the compiler works. */
  readonly report: (line: string) => void
  readonly environment?: Environment
  readonly signal?: AbortSignal
}

interface GoRun {
  readonly arguments: readonly string[]
  readonly folder: string
  readonly environment: Environment
  readonly onLine: (line: string) => void
  readonly signal?: AbortSignal
}

const progressMilliseconds = 12_000
const keptErrorLines = 20
/** Since Go 1.21 an older `go` fetches the toolchain that go.mod asks for by itself. Source: go.dev/doc/toolchain */
const firstSelfUpdatingGo = '1.21'

const numbers = (version: string): readonly number[] =>
  version.split('.').map((part) => Number.parseInt(part, 10))

const isOlder = (version: string, than: string): boolean => {
  const wanted = numbers(than)
  const found = numbers(version)
  const index = wanted.findIndex((part, position) => (found[position] ?? 0) !== part)
  return index >= 0 && (found[index] ?? 0) < (wanted[index] ?? 0)
}

const missingGo = (build: GoBuild, needed: string): Fault =>
  new Fault('missing-tool', `${build.output} ${build.version} has to be built, and Go is not on PATH.`, {
    details: {
      resource: build.tool,
      hint: `Install Go ${needed} or later (https://go.dev/dl/) and run this again, or put a ready ${build.output} into ${cacheFolder(build.tool, build.version, build.environment)}.`,
    },
  })

const oldGo = (build: GoBuild, found: string, needed: string): Fault =>
  new Fault(
    'missing-tool',
    `${build.output} ${build.version} needs Go ${needed}; the go on PATH is ${found}.`,
    {
      details: {
        resource: build.tool,
        hint: `Install Go ${needed} or later (https://go.dev/dl/), or let go fetch it: unset GOTOOLCHAIN.`,
      },
    },
  )

const runGo = (run: GoRun): Promise<number> =>
  new Promise((done, fail) => {
    const child = spawn('go', run.arguments, {
      cwd: run.folder,
      env: { ...programEnvironment(run.environment), CGO_ENABLED: '0' },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(run.signal === undefined ? {} : { signal: run.signal }),
    })
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', run.onLine)
    child.once('error', fail)
    child.once('close', (code) => done(code ?? 1))
  })

const goVersion = async (build: GoBuild, folder: string, needed: string): Promise<string> => {
  const lines: string[] = []
  const run = {
    arguments: ['env', 'GOVERSION', 'GOTOOLCHAIN'],
    folder,
    onLine: (line: string) => lines.push(line),
  }
  const environment = { ...build.environment, GOTOOLCHAIN: 'local' }
  await runGo({ ...run, environment }).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? missingGo(build, needed) : error
  })
  return (lines[0] ?? '').replace(/^go/, '')
}

const neededGo = async (folder: string): Promise<string> => {
  const text = await readFile(join(folder, 'go.mod'), 'utf8')
  return /^go\s+(\S+)/m.exec(text)?.[1] ?? firstSelfUpdatingGo
}

const checkGo = async (build: GoBuild, folder: string): Promise<void> => {
  const needed = await neededGo(folder)
  const found = await goVersion(build, folder, needed)
  if (!isOlder(found, needed)) return
  const fetches = build.environment?.GOTOOLCHAIN !== 'local' && !isOlder(found, firstSelfUpdatingGo)
  if (!fetches) throw oldGo(build, found, needed)
  build.report(`go ${found} fetches Go ${needed}, which ${build.output} ${build.version} needs`)
}

const duration = (milliseconds: number): string => {
  const seconds = Math.round(milliseconds / 1000)
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

/** `go build -v` prints a line for each package it compiles and `go: downloading …` for each module. */
const watchBuild = (build: GoBuild) => {
  const started = performance.now()
  const lines: string[] = []
  let modules = 0
  let packages = 0
  const onLine = (line: string): void => {
    lines.push(line)
    if (line.startsWith('go: downloading')) modules += 1
    else packages += 1
  }
  const elapsed = (): string => duration(performance.now() - started)
  const tell = (): void =>
    build.report(
      `building ${build.output} ${build.version}: ${packages} packages compiled, ${modules} modules fetched, ${elapsed()}`,
    )
  return { onLine, tell, elapsed, lastLines: () => lines.slice(-keptErrorLines).join('\n') }
}

const failedBuild = (build: GoBuild, output: string): Fault =>
  new Fault('missing-tool', `${build.output} ${build.version} could not be built with Go:\n${output}`, {
    details: {
      resource: build.tool,
      hint: 'Go fetches modules through GOPROXY: check that it can be reached and that the disk has 3 GB free.',
    },
  })

const compile = async (build: GoBuild, folder: string, target: string): Promise<void> => {
  const watch = watchBuild(build)
  const timer = setInterval(watch.tell, progressMilliseconds)
  const flags = build.ldflags === undefined ? [] : ['-ldflags', build.ldflags]
  try {
    const code = await runGo({
      arguments: ['build', '-v', '-trimpath', ...flags, '-o', target, build.package],
      folder,
      environment: { ...build.environment },
      onLine: watch.onLine,
      ...(build.signal === undefined ? {} : { signal: build.signal }),
    })
    if (code !== 0) throw failedBuild(build, watch.lastLines())
    build.report(`built ${build.output} ${build.version} in ${watch.elapsed()}`)
  } finally {
    clearInterval(timer)
  }
}

const buildInto = async (build: GoBuild, folder: string, target: string): Promise<void> => {
  if (existsSync(target)) return
  await checkGo(build, folder)
  build.report(
    `building ${build.output} ${build.version} with Go: this takes minutes, and only the first time on this machine`,
  )
  const temporary = `${target}.${process.pid}.new`
  try {
    await compile(build, folder, temporary)
    await rename(temporary, target)
  } finally {
    await rm(temporary, { force: true })
  }
}

/**
 * The path of a tool built from one of our go.mods, built into the cache unless it is there.
 *
 * Put in place by an atomic rename; of several processes one builds and the others wait for it.
 * @throws {Fault} `missing-tool` when Go is absent or too old, or the build fails, with what to do.
 */
export const buildGoTool = async (request: GoBuild): Promise<string> => {
  const build = { ...request, environment: request.environment ?? process.env }
  const cache = cacheFolder(build.tool, build.version, build.environment)
  const target = join(cache, build.output)
  if (existsSync(target)) return target
  await mkdir(cache, { recursive: true })
  await withFileLock(
    `${target}.lock`,
    () => buildInto(build, resolve(checkoutRoot(), build.folder), target),
    () => build.report(`another process is building ${build.output} ${build.version}; waiting for it`),
  )
  return target
}
