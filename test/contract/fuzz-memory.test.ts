import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { mostMebibytes, runBounded } from './bounded-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'tenantry-fuzz-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx/esm')).href
const script = join(import.meta.dirname, 'fuzz-in-bounds.ts')

it.each([
  ['bytes', 'bytes of compose files', 600],
  ['structure', 'compose files of any structure', 600],
  ['layers', 'damaged layers, as they are, in gzip and in zstd', 200],
  ['archives', 'damaged archives', 200],
  ['documents', 'manifests and configurations of any structure', 200],
  ['bombs', 'images made to fill what reads them', 9],
])(
  'answers to %s within 512 MiB: %s',
  async (kind, _what, runs) => {
    const words = [`--import=${loader}`, script, kind, folder, String(runs)]
    const { code, out, err, mebibytes } = await runBounded(words, { folder })
    expect(`${out}${err}`).toMatch(/^answered, \d+ read$/)
    const read = Number(/\d+/.exec(out))
    // Some are read and some are refused: else one of both ways was not tried.
    expect(read).toBeLessThan(runs)
    if (kind !== 'bombs') expect(read).toBeGreaterThan(0)
    expect(code).toBe(0)
    expect(mebibytes).toBeLessThan(mostMebibytes)
  },
  600_000,
)
