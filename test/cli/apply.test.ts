import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { appliedFolder, recordApplied } from '../../src/cli/applied.ts'
import { type ApplyOptions, applyStacks } from '../../src/cli/apply.ts'
import { selectStacks } from '../../src/cli/select.ts'
import { acme, bolt, soundFleet } from '../load/fleet-of.ts'
import { fakeContext } from './fake-context.ts'

const fleet = soundFleet([acme, bolt])
const selection = { organizations: [], clusters: [] }
const stacks = selectStacks(fleet, selection)
const options: ApplyOptions = {
  parallel: 1,
  full: false,
  keepGoing: false,
  waitSeconds: 0,
  json: false,
}

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tenantry-apply-'))
  writeFileSync(join(folder, 'Pulumi.yaml'), 'name: tenantry\nruntime: nodejs\n')
  vi.stubEnv('PULUMI_BACKEND_URL', `file://${folder}/state`)
  vi.stubEnv('TENANTRY_CONNECTIONS', join(folder, 'connections.json'))
  // Whoever looks for an engine has to build one here, and fails.
  vi.stubEnv('TENANTRY_CACHE', join(folder, 'cache'))
  vi.stubEnv('TENANTRY_OFFLINE', '1')
  vi.stubEnv('PATH', folder)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

const apply = (more: Partial<ApplyOptions> = {}) =>
  applyStacks(fakeContext(folder, folder).context, { fleet, stacks, selection }, { ...options, ...more })

const recordAll = async (): Promise<void> => {
  for (const state of stacks) await recordApplied(appliedFolder(process.env) ?? '', state)
}

test('where every stack is as applied before, no engine is looked for', async () => {
  await recordAll()
  const outcome = await apply()
  expect(outcome?.results).toEqual([])
  expect(outcome?.waves).toEqual([])
  expect(outcome?.skipped.map(({ stack }) => stack)).toEqual(stacks.map(({ stack }) => stack))
})

test('where one is due, or all are wanted, it is', async () => {
  await expect(apply()).rejects.toMatchObject({ code: 'missing-tool' })
  await recordAll()
  await expect(apply({ full: true })).rejects.toMatchObject({ code: 'missing-tool' })
})
