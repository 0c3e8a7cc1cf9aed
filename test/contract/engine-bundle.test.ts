import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, statSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ensureBundle, root } from '../../bin/bundle.mjs'
import { type RunBundle, runBundle } from '../../bin/run-bundle.mjs'

const run = promisify(execFile)

describe('ensureBundle', () => {
  test('makes one file of an entry, once, whichever way the entry is named', async () => {
    const [one, other] = await Promise.all([ensureBundle('core/units'), ensureBundle('src/core/units.ts')])
    expect(one).toBe(other)
    const made = statSync(one).mtimeMs
    expect(await ensureBundle('core/units')).toBe(one)
    expect(statSync(one).mtimeMs).toBe(made)
    const { parseCpuMillis } = (await import(one)) as { parseCpuMillis: (text: string) => number }
    expect(parseCpuMillis('0.5')).toBe(500)
  })

  test('the program’s bundle holds neither the SDK’s index nor a map for the host to read', async () => {
    const text = await readFile(await ensureBundle('program'), 'utf8')
    expect(text).not.toMatch(/require\("@pulumi\/pulumi"\)|from "@pulumi\/pulumi"/)
    expect(text).not.toContain('sourceMappingURL')
  })

  test('the command runs from its bundle, and from any folder', async () => {
    const { stdout } = await run(process.execPath, [join(root, 'bin/tenantry.mjs'), '--help'], { cwd: '/' })
    expect(stdout).toContain('Usage: tenantry')
    expect(existsSync(join(root, '.tenantry/build'))).toBe(true)
  })
})

/** What a run has to take before what it compiled is kept. */
const workLong = (): void => {
  while (process.cpuUsage().user < 1_000_000);
}

describe('runBundle', () => {
  const script = async (): Promise<string> => {
    const path = join(await mkdtemp(join(tmpdir(), 'tenantry-script-')), 'main.cjs')
    await writeFile(path, 'exports.answer = () => 6 * 7; exports.path = __filename')
    onTestFinished(() => rm(dirname(path), { recursive: true, force: true }))
    return path
  }
  const answer = ({ exports }: RunBundle): unknown => (exports.answer as () => number)()

  test('runs a script under its own path', async () => {
    const path = await script()
    expect(runBundle(path).exports.path).toBe(path)
  })

  test('keeps its compiled form once, and runs that', async () => {
    const path = await script()
    const first = runBundle(path)
    expect(answer(first)).toBe(42)
    workLong()
    first.keep()
    const kept = await readFile(`${path}.compiled`)
    // Of the same length, which is all that V8 compares: only the compiled form still says what it said.
    await writeFile(path, (await readFile(path, 'utf8')).replace('6 * 7', '6 * 8'))
    const second = runBundle(path)
    expect(answer(second)).toBe(42)
    await rm(`${path}.compiled`)
    second.keep()
    await expect(readFile(`${path}.compiled`)).rejects.toThrow('ENOENT')
    expect(kept.length).toBeGreaterThan(32)
  })

  test.each([
    ['cut short', (kept: Buffer) => kept.subarray(0, kept.length - 8)],
    ['altered', (kept: Buffer) => Buffer.from(kept.map((byte, index) => (index === 100 ? byte ^ 1 : byte)))],
    ['nothing but zeros', (kept: Buffer) => Buffer.alloc(kept.length)],
    ['empty', () => Buffer.alloc(0)],
  ])('compiles anew where what was kept is %s, and keeps that', async (_, damage) => {
    const path = await script()
    workLong()
    const first = runBundle(path)
    answer(first)
    first.keep()
    const kept = await readFile(`${path}.compiled`)
    await writeFile(`${path}.compiled`, damage(kept))
    const next = runBundle(path)
    expect(answer(next)).toBe(42)
    next.keep()
    const anew = await readFile(`${path}.compiled`)
    expect(anew.subarray(0, 32)).toEqual(createHash('sha256').update(anew.subarray(32)).digest())
  })

  test('fails no run where nothing can be kept', async () => {
    const path = await script()
    workLong()
    const first = runBundle(path)
    await rm(dirname(path), { recursive: true })
    expect(() => first.keep()).not.toThrow()
  })
})
