import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { planKey, readPlan, writePlan } from '../../src/cli/plan-io.ts'
import { versionsOf } from '../../src/cli/plan-versions.ts'
import type { Checked } from '../../src/core/issue.ts'
import { checkoutRoot } from '../../src/engine/checkout.ts'
import { plan } from '../plan/plans.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-plan-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const secret = '0123456789abcdef0123456789abcdef'
const codeOf = (checked: Checked<unknown>): string =>
  checked.ok ? 'ok' : checked.issues.map(({ code }) => code).join()

describe('a plan in a file', () => {
  const file = () => join(folder, 'plan.json')
  const write = async (environment: NodeJS.ProcessEnv) => {
    const key = planKey(environment)
    return key.ok ? writePlan(file(), plan(), key.value) : key
  }

  test('comes back as it was, with the key of the environment or of a file', async () => {
    await writeFile(join(folder, 'key'), `${secret}\n`)
    await write({ TENANTRY_PLAN_KEY: secret })
    expect(readPlan(file(), { TENANTRY_PLAN_KEY_FILE: join(folder, 'key') })).toEqual({
      ok: true,
      value: plan(),
    })
    expect(codeOf(readPlan(file(), {}))).toBe('plan/no-key')
    expect(await readdir(folder)).toEqual(['key', 'plan.json'])
  })

  test('counts an empty key as none: so a CI system hands on a secret that it has not', async () => {
    await write({ TENANTRY_PLAN_KEY: '', TENANTRY_PLAN_KEY_FILE: '' })
    expect(codeOf(readPlan(file(), { TENANTRY_PLAN_KEY: ' \n' }))).toBe('ok')
    expect(codeOf(readPlan(file(), { TENANTRY_PLAN_KEY: secret }))).toBe('plan/unsigned')
  })

  test('is refused where it cannot be read, with why', async () => {
    expect(codeOf(readPlan(file(), {}))).toBe('plan/not-readable')
    await mkdir(file())
    expect(codeOf(readPlan(file(), {}))).toBe('plan/not-readable')
    expect(codeOf(readPlan(file(), { TENANTRY_PLAN_KEY_FILE: join(folder, 'none') }))).toBe(
      'plan/unusable-key',
    )
    expect(codeOf(readPlan(file(), { TENANTRY_PLAN_KEY: 'short' }))).toBe('plan/unusable-key')
  })

  test('that cannot be written leaves nothing behind', async () => {
    await mkdir(file())
    await expect(write({})).rejects.toThrow()
    expect(await readdir(folder)).toEqual(['plan.json'])
  })
})

describe('versionsOf', () => {
  const project = () => join(folder, 'checkout')
  const at = (path: string) => join(project(), path)
  const versions = () => versionsOf({ project: project(), root: project(), engine: '3.245.0' })

  beforeEach(async () => {
    for (const place of [
      'src/compile',
      'src/core',
      'src/load',
      'src/plan',
      'bin',
      'Pulumi.yaml',
      'package-lock.json',
    ])
      await cp(join(checkoutRoot(), place), at(place), { recursive: true })
  })

  const moved = async (path: string): Promise<readonly string[]> => {
    const before = versions()
    const text = await readFile(at(path), 'utf8').catch(() => '')
    await mkdir(join(at(path), '..'), { recursive: true })
    await writeFile(at(path), `${text}\n// altered`)
    const after = versions()
    return [
      ...(before.program === after.program ? [] : ['program']),
      ...(before.policies === after.policies ? [] : ['policies']),
    ]
  }

  test.each([
    ['src/compile/compile.ts', ['program']],
    ['src/core/name.ts', ['program']],
    ['bin/program.mjs', ['program']],
    ['package-lock.json', ['program']],
    ['src/new.ts', ['program']],
    ['src/compile/policy.ts', ['policies']],
    ['src/load/check-tenancy.ts', ['policies']],
    ['src/plan/valve.ts', ['policies']],
    ['src/plan/valve/teams.ts', ['policies']],
    ['fleet.ts', ['policies']],
    ['overrides/spring-cleaning.ts', ['policies']],
    ['tenants/acme.ts', []],
    ['README.md', []],
  ])('names what moved when %s is altered', async (path, parts) => {
    expect(await moved(path)).toEqual(parts)
  })

  test('tells a file from another one with the same content, and says the same twice', async () => {
    const before = versions()
    expect(versions()).toEqual(before)
    await cp(at('src/core/name.ts'), at('src/core/eman.ts'))
    await rm(at('src/core/name.ts'))
    expect(versions().program).not.toBe(before.program)
  })
})
