import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Approval, approvalOf } from '../../src/cli/approval.ts'
import { forgetBegun, isBegun } from '../../src/cli/begun-plans.ts'
import { lookOf, makePlan } from '../../src/cli/make-plan.ts'
import { isFault } from '../../src/core/fault.ts'
import type { StackResult } from '../../src/engine/stack-result.ts'
import { stateStamp } from '../../src/engine/state-stamp.ts'
import { checkpoint, put } from '../engine/state-files.ts'
import { acme, plan } from '../plan/plans.ts'
import { resource, result } from './stack-results.ts'

const stack = 'nonprod.acme'
let folder: string
let approval: Approval

const live = { 'team/a': '1'.repeat(16), 'team/b': '2'.repeat(16) }
const plugins = [{ name: 'ucp', version: '0.1.0' }]
const previewed = result([resource('access', 'team/a', 'same'), resource('access', 'team/b', 'update')], {
  live,
  plugins,
})

const place = () => ({
  engine: '/nowhere',
  project: join(folder, 'checkout'),
  environment: { PULUMI_BACKEND_URL: `file://${folder}` },
})
const putState = (resources: number) =>
  put(
    join(folder, '.pulumi', 'stacks', 'tenantry', `${stack}.json`),
    checkpoint(resources, '2026-11-22T18:06:58Z'),
  )

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-approval-'))
  await mkdir(place().project)
  await writeFile(join(place().project, 'Pulumi.yaml'), 'name: tenantry\n')
  await putState(3)
  const stamp = await stateStamp({ ...place(), stack })
  const { stacks } = makePlan([{ desired: acme(), result: previewed, stamp }], {
    commit: null,
    versions: plan().versions,
    at: new Date(0),
  })
  const [planned] = stacks
  if (planned === undefined) throw new Error('no stack in the plan')
  approval = { planned, plan: 'digest', folder, place: place() }
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** What a run that is asked for approval is told; `approved` where it may go on. */
const asked = (found: StackResult, looked: () => void = () => undefined): Promise<string> =>
  approvalOf(approval)(async () => {
    looked()
    return found
  }).then(
    () => 'approved',
    (error: unknown) => (isFault(error, 'conflict') ? error.message : `another error: ${String(error)}`),
  )

const changedWorld = result(
  [resource('access', 'team/a', 'update'), resource('access', 'team/b', 'update')],
  { live: { ...live, 'team/a': 'f'.repeat(16) }, plugins },
)

describe('what a run of a plan is asked before it changes anything', () => {
  test('lets through what is as it was approved, and keeps that it began', async () => {
    expect(await asked(previewed)).toBe('approved')
    expect(await isBegun(folder, stack, 'digest')).toBe(true)
  })

  test('refuses another state, without asking the engine', async () => {
    await putState(4)
    let looks = 0
    const said = await asked(previewed, () => {
      looks += 1
    })
    expect(said).toContain('nonprod.acme is not as it was approved: its state moved')
    expect(said).toContain('Nothing of it was changed.')
    expect(looks).toBe(0)
    expect(await isBegun(folder, stack, 'digest')).toBe(false)
  })

  test('refuses another world, by the name of what moved', async () => {
    expect(await asked(changedWorld)).toContain(
      'what is live moved: team/a (was to stay as it is, is to be updated now)',
    )
    expect(await isBegun(folder, stack, 'digest')).toBe(false)
  })

  test('refuses where it cannot look', async () => {
    const failed = result([], {
      outcome: 'failed',
      diagnostics: [{ severity: 'error', message: 'UCP cannot be reached.', resource: 'team/a' }],
    })
    expect(await asked(failed)).toContain('team/a: UCP cannot be reached.')
  })

  describe('of a plan that was begun and cut off', () => {
    const half = result([resource('access', 'team/a', 'same'), resource('access', 'team/b', 'same')], {
      live: { ...live, 'team/b': 'f'.repeat(16) },
      plugins,
    })
    beforeEach(async () => {
      await asked(previewed)
      await putState(4)
    })

    test('goes on with the rest of it', async () => {
      expect(await asked(half)).toBe('approved')
    })

    test('refuses what the plan never held', async () => {
      expect(await asked(changedWorld)).toContain('team/a')
    })

    test('refuses once another run has changed the stack, or for another plan', async () => {
      approval = { ...approval, plan: 'another' }
      expect(await asked(half)).toContain('its state moved')
      approval = { ...approval, plan: 'digest' }
      await forgetBegun(folder, stack)
      expect(await asked(half)).toContain('its state moved')
    })
  })
})

describe('lookOf', () => {
  test('keeps what would change, sorted, and what was read', () => {
    const { changes, providers } = lookOf(
      result([
        resource('access', 'team/z', 'delete'),
        resource('access', 'team/m', 'same'),
        resource('access', 'team/b', 'create'),
      ]),
    )
    expect(changes).toEqual([
      { key: 'team/b', change: 'create' },
      { key: 'team/z', change: 'delete' },
    ])
    expect(providers).toEqual([])
  })
})
