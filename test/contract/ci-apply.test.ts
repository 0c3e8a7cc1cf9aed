import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { root as checkout } from '../../bin/bundle.mjs'
import type { Plan } from '../../src/plan/plan-file.ts'
import { parsePlanKey } from '../../src/plan/plan-key.ts'
import { sealPlan } from '../../src/plan/sealed-plan.ts'
import { planOf } from '../plan/plans.ts'

/*
 * `tenantry ci apply` as far as it goes before any system is called: there is no back end and no connection here, so that an apply
 * that got past a refusal would end with exit code 2.
 */

const key = 'contract-tests-0123456789abcdefghij'

let root: string
const file = () => join(root, 'plan.json')
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tenantry-ci-apply-'))
  for (const folder of ['tenants', 'stacks'])
    await cp(join(checkout, folder), join(root, folder), {
      recursive: true,
      filter: (path) => !path.endsWith('.yaml'),
    })
})
afterEach(() => rm(root, { recursive: true, force: true }))

const apply = (
  stage: 'nonprod' | 'prod',
  environment: NodeJS.ProcessEnv = { TENANTRY_PLAN_KEY: key },
  words: readonly string[] = ['--plan', file()],
): Promise<{ code: number; out: string; err: string }> =>
  new Promise((done) => {
    const child = execFile(
      process.execPath,
      [join(checkout, 'bin/tenantry.mjs'), '--root', root, 'ci', 'apply', '--stage', stage, ...words],
      { env: { PATH: process.env.PATH, HOME: root, NO_COLOR: '1', ...environment } },
      (_, out, err) => done({ code: child.exitCode ?? -1, out, err }),
    )
  })

const write = async (plan: Plan, text = key): Promise<void> => {
  const parsed = parsePlanKey(text)
  const sealed = parsed.ok ? sealPlan(plan, parsed.value) : parsed
  if (!sealed.ok) throw new Error(JSON.stringify(sealed.issues))
  await writeFile(file(), sealed.value)
}

test('an approval of nonprod does not reach prod, whatever the plan is called', async () => {
  await write(planOf('nonprod.insurance', 'prod.insurance'))
  const ended = await apply('nonprod')
  expect(ended).toMatchObject({ code: 1 })
  expect(ended.out).toContain('ci/other-stage')
  expect(ended.out).toContain('prod.insurance')
  expect(await readFile(join(root, '.tenantry/ci/report.md'), 'utf8')).toContain(
    'nothing was applied to nonprod',
  )
})

test.each([
  ['signed with another key', () => write(planOf('prod.insurance'), `${key}x`), 'plan/wrong-key'],
  ['missing', () => Promise.resolve(), 'plan/not-readable'],
  [
    'altered',
    async () => {
      await write(planOf('prod.insurance'))
      await writeFile(file(), (await readFile(file(), 'utf8')).replace('prod.insurance', 'prod.platform'))
    },
    'plan/altered',
  ],
])('a plan that is %s is refused', async (_, make, code) => {
  await make()
  const ended = await apply('prod')
  expect(ended).toMatchObject({ code: 1 })
  expect(ended.out).toContain(code)
})

test('a plan of its stage gets past, and fails for want of a back end here', async () => {
  await write(planOf('prod.insurance'))
  const ended = await apply('prod')
  expect(ended).toMatchObject({ code: 2 })
  expect(ended.err).toContain('PULUMI_BACKEND_URL')
  expect(await readFile(join(root, '.tenantry/ci/report.md'), 'utf8')).toContain('Not everything was applied')
})

test('a stage that no cluster is of is nothing to apply, and not every cluster', async () => {
  await rm(join(root, 'stacks/prod.ts'))
  await rm(join(root, 'tenants'), { recursive: true })
  await mkdir(join(root, 'tenants'))
  const ended = await apply('prod', {}, [])
  expect(ended).toMatchObject({ code: 0 })
  expect(ended.out).toContain('Nothing to apply: no cluster is of the stage prod.')
  expect(await readFile(join(root, '.tenantry/ci/report.md'), 'utf8')).toContain('Nothing to apply')
})
