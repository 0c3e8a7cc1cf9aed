import { execFile } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { ensureBundle, root } from '../../bin/bundle.mjs'

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
    const { readFile } = await import('node:fs/promises')
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
