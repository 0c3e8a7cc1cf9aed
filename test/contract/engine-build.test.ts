import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isFault } from '../../src/core/fault.ts'
import { ensureEngine } from '../../src/engine/engine.ts'
import { withFileLock } from '../../src/engine/file-lock.ts'
import { buildGoTool } from '../../src/engine/go-build.ts'

let folder: string
let said: string[]
const node = dirname(process.execPath)

/** A `go` that counts its builds and writes a file that says so. */
const fakeGo = (version: string, build = 'echo built > "$out"') => `#!/bin/sh
if [ "$1" = env ]; then echo ${version}; echo local; exit 0; fi
while [ $# -gt 0 ]; do [ "$1" = -o ] && out="$2"; shift; done
echo build >> "${folder}/builds"
echo example.org/one >&2
${build}
`

const executable = async (path: string, text: string): Promise<void> => {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
  await chmod(path, 0o755)
}

const environment = (rest: Record<string, string> = {}) => ({
  PATH: `${join(folder, 'bin')}:/usr/bin:/bin:${node}`,
  TENANTRY_CACHE: join(folder, 'cache'),
  TENANTRY_OFFLINE: '1',
  ...rest,
})

const request = (rest: Record<string, string> = {}) => ({
  tool: 'thing',
  version: '1.0.0',
  folder: join(folder, 'module'),
  package: '.',
  output: 'thing',
  report: (line: string) => said.push(line),
  environment: environment(rest),
})

const builds = async (): Promise<number> =>
  existsSync(join(folder, 'builds'))
    ? (await readFile(join(folder, 'builds'), 'utf8')).trim().split('\n').length
    : 0

const faultOf = async (promise: Promise<unknown>) => {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!isFault(error, 'missing-tool')) throw error ?? new Error('no fault')
  return error
}

beforeEach(async () => {
  said = []
  folder = await mkdtemp(join(tmpdir(), 'tenantry-go-'))
  await mkdir(join(folder, 'module'))
  await writeFile(join(folder, 'module', 'go.mod'), 'module example.org/thing\n\ngo 1.24\n')
})

afterEach(() => rm(folder, { recursive: true, force: true }))

describe('buildGoTool', () => {
  test('builds once, says that it takes minutes, then takes what is there', async () => {
    await executable(join(folder, 'bin/go'), fakeGo('go1.25.0'))
    const path = await buildGoTool(request())
    expect(await readFile(path, 'utf8')).toBe('built\n')
    expect(said.join('\n')).toMatch(/takes minutes, and only the first time/)
    expect(await buildGoTool(request())).toBe(path)
    expect(await builds()).toBe(1)
    expect(await readdir(dirname(path))).toEqual(['thing'])
  })

  test('of two at once, one builds and the other waits', async () => {
    await executable(join(folder, 'bin/go'), fakeGo('go1.25.0'))
    const [one, other] = await Promise.all([buildGoTool(request()), buildGoTool(request())])
    expect(one).toBe(other)
    expect(await builds()).toBe(1)
    expect(said.join('\n')).toMatch(/another process is building/)
  })

  test('says what to install where Go is missing', async () => {
    const fault = await faultOf(buildGoTool(request({ PATH: join(folder, 'bin') })))
    expect(fault.message).toBe('thing 1.0.0 has to be built, and Go is not on PATH.')
    expect(fault.details.hint).toMatch(/Install Go 1\.24 or later/)
  })

  test('says which Go it needs where the one there is too old to fetch it', async () => {
    await executable(join(folder, 'bin/go'), fakeGo('go1.19.3'))
    expect((await faultOf(buildGoTool(request()))).message).toBe(
      'thing 1.0.0 needs Go 1.24; the go on PATH is 1.19.3.',
    )
    await executable(join(folder, 'bin/go'), fakeGo('go1.23.9'))
    await faultOf(buildGoTool(request({ GOTOOLCHAIN: 'local' })))
    expect(await builds()).toBe(0)
    await buildGoTool(request())
    expect(said.join('\n')).toMatch(/go 1\.23\.9 fetches Go 1\.24/)
  })

  test('leaves nothing behind when the build fails, and shows its last lines', async () => {
    await executable(
      join(folder, 'bin/go'),
      fakeGo('go1.25.0', 'echo half > "$out"; echo "no such module" >&2; exit 1'),
    )
    expect((await faultOf(buildGoTool(request()))).message).toMatch(
      /could not be built with Go:\n[\s\S]*no such module/,
    )
    expect(await readdir(join(folder, 'cache/thing/1.0.0'))).toEqual([])
  })
})

describe('withFileLock', () => {
  test('takes over the lock of a process that is dead', async () => {
    const lock = join(folder, 'lock')
    const { hostname } = await import('node:os')
    await writeFile(lock, `${hostname()} 4194305`)
    expect(await withFileLock(lock, async () => 'done')).toBe('done')
    expect(existsSync(lock)).toBe(false)
  })

  test('gives the lock back when the task fails', async () => {
    const lock = join(folder, 'lock')
    await expect(withFileLock(lock, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(existsSync(lock)).toBe(false)
  })
})

describe('ensureEngine', () => {
  const engine = (at: string, version: string) =>
    Promise.all([
      executable(join(folder, at, 'pulumi'), `#!/bin/sh\necho ${version}\n`),
      executable(join(folder, at, 'pulumi-language-nodejs'), '#!/bin/sh\n'),
    ])

  const ensure = () => ensureEngine({ report: (line) => said.push(line), environment: environment() })

  test('takes the one on PATH that is new enough', async () => {
    await engine('bin', 'v3.250.0')
    expect(await ensure()).toEqual({ directory: join(folder, 'bin'), version: '3.250.0', origin: 'path' })
    expect(said).toHaveLength(1)
  })

  test('passes over one that is too old, or has no language host, and takes the cache’s', async () => {
    await engine('bin', 'v3.100.0')
    await engine('cache/engine/3.245.0', 'v3.245.0')
    expect(await ensure()).toMatchObject({
      origin: 'cache',
      directory: join(folder, 'cache/engine/3.245.0/bin'),
    })
    await engine('bin', 'v3.250.0')
    await rm(join(folder, 'bin/pulumi-language-nodejs'))
    expect(await ensure()).toMatchObject({ origin: 'cache' })
  })

  test('builds CLI and language host where there is none', async () => {
    await executable(join(folder, 'bin/go'), fakeGo('go1.26.0'))
    expect(await ensure()).toMatchObject({ origin: 'built', version: '3.245.0' })
    expect(await builds()).toBe(2)
    expect(await ensure()).toMatchObject({ origin: 'cache' })
    expect(await readdir(join(folder, 'cache/engine/3.245.0/bin'))).toEqual([
      'pulumi',
      'pulumi-language-nodejs',
    ])
  })

  test('says what to do where it has to be built and Go is missing', async () => {
    expect((await faultOf(ensure())).details.hint).toMatch(/Install Go/)
  })
})
