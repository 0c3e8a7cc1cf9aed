import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { WaveOutcome } from '../../src/cli/run-waves.ts'
import { runTenantry } from './run-command.ts'
import { openTinyTenant, type TinyTenant } from './tiny-tenant.ts'

let tiny: TinyTenant
const canary = 'waves-canary'
const other = 'waves-other'
const settings = () => join(tiny.session.files, 'fleet.ts')

beforeAll(async () => {
  tiny = await openTinyTenant(canary, [other])
  await writeFile(
    settings(),
    `import { defineFleet } from './src/fleet/define.ts'\n\nexport default defineFleet({ waves: { from: 2, canary: ['${canary}'] } })\n`,
  )
})
afterAll(async () => {
  await rm(settings(), { force: true })
  await tiny?.close()
})

const up = (...words: readonly string[]) =>
  runTenantry(tiny.session, ['up', '--cluster', 'nonprod', '--json', ...words])

interface Applied {
  readonly waves: readonly WaveOutcome[]
  readonly skipped: readonly { readonly stack: string }[]
}

const wavesOf = (json: string): readonly string[] =>
  (JSON.parse(json) as Applied).waves.map(({ name, outcome }) => `${name}: ${outcome}`)

describe('a change of many tenants', () => {
  test('goes no further than the canary where that fails, and goes on with what is left', async () => {
    await tiny.remove()
    tiny.onWrite(() => ({ kind: 'status', status: 403, when: 'before' }))
    const failed = await up()
    tiny.onWrite(() => undefined)
    expect(failed.code, failed.said).toBe(3)
    expect(wavesOf(failed.stdout)).toEqual(['nonprod canary: failed', 'nonprod all others: not begun'])

    const again = await up()
    expect(again.code, again.said).toBe(0)
    expect(wavesOf(again.stdout)).toEqual(['nonprod canary: succeeded', 'nonprod all others: succeeded'])

    const idle = await up('--all')
    expect(idle.code, idle.said).toBe(0)
    expect(wavesOf(idle.stdout)).toEqual([])
    expect((JSON.parse(idle.stdout) as Applied).skipped.map(({ stack }) => stack)).toEqual([
      'nonprod.platform',
      `nonprod.${canary}`,
      `nonprod.${other}`,
    ])
  })
})

describe('a stack that somebody alive is changing', () => {
  /** A run that is in the middle of its first call that changes something, for a while. */
  const begun = async (milliseconds: number) => {
    await tiny.remove()
    let reached: () => void = () => undefined
    const there = new Promise<void>((resolve) => {
      reached = resolve
    })
    tiny.onWrite((count) => {
      if (count === 1) reached()
      return count === 1 ? { kind: 'slow', milliseconds } : undefined
    })
    const running = tiny.start('up')
    await Promise.race([there, running.ended.then(({ output }) => Promise.reject(new Error(output)))])
    return running
  }

  test('is told with the name of its holder, or waited for', async () => {
    const running = await begun(15_000)
    const [refused, waited] = await Promise.all([
      up(canary),
      runTenantry(tiny.session, ['up', canary, '--cluster', 'nonprod', '--wait', '300']),
    ])
    const holder = new RegExp(`nonprod.${canary} is being changed by .up. of .+ \\(pid ${running.pid}, since`)
    expect(refused.code).toBe(3)
    expect(refused.said).toMatch(holder)
    expect(waited.stderr).toMatch(holder)
    expect(waited.stderr).toContain('Waiting …')
    expect(waited.code, waited.said).toBe(0)
    expect((await running.ended).code).toBe(0)
    expect(await tiny.up()).toEqual([])
  })
})
