import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { appliedFolder, recordApplied, unsettleApplied } from '../../src/cli/applied.ts'
import { apartFromHeld, heldLine } from '../../src/cli/held-stacks.ts'
import type { Loaded } from '../../src/core/loaded.ts'
import type { Hold } from '../../src/exception/schema.ts'
import type { StackState } from '../../src/model/desired-state.ts'
import { stateOf as state } from '../plan/plans.ts'

let folder: string
let environment: NodeJS.ProcessEnv
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-held-'))
  environment = { PULUMI_BACKEND_URL: `file://${folder}` }
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const source = { file: 'holds/audit.ts', line: 1, column: 1 }
const hold = (expires = '2026-12-31'): Loaded<Hold> => ({
  file: source.file,
  text: '',
  value: {
    owner: 'claire.martin@bank.example',
    reason: 'The auditors look.',
    organization: 'held',
    expires,
  },
  locate: () => source,
  locateKey: () => source,
})

const apart = (stacks: readonly StackState[], holds: readonly Loaded<Hold>[] = [hold()]) => {
  const fleet = {
    tenants: [],
    clusters: [],
    settings: undefined,
    policy: undefined,
    overrides: [],
    holds,
    waivers: [],
  }
  return apartFromHeld({ fleet, stacks, environment, now: new Date('2026-11-22T12:00:00Z') })
}

const drifted = async (one: StackState): Promise<void> => {
  const applied = appliedFolder(environment) ?? ''
  await recordApplied(applied, one)
  await unsettleApplied(applied, one.stack)
}

test('what is on hold and drifted is left as it is, with the reason; what is not is run', async () => {
  const [held, other] = [state('held'), state('other')]
  for (const one of [held, other]) await drifted(one)
  const found = apart([held, other])
  expect(found.free).toEqual([other])
  expect(found.held.map(heldLine)).toEqual([
    'Left as it is: nonprod.held, on hold until 2026-12-31 by claire.martin@bank.example (holds/audit.ts): The auditors look.',
  ])
})

test('what its files change is run all the same, and so is what was never applied', async () => {
  await drifted(state('held'))
  expect(apart([state('held', 'Another name')]).held).toEqual([])
  await rm(folder, { recursive: true })
  expect(apart([state('held')]).held).toEqual([])
})

test('a hold that is over holds nothing', async () => {
  await drifted(state('held'))
  expect(apart([state('held')], [hold('2026-11-21')]).held).toEqual([])
})
