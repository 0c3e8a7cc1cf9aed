import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type HandChange, handChanges } from '../../src/cli/hand-changes.ts'
import { refreshAll } from '../../src/cli/refresh-all.ts'
import { openTerminal } from '../../src/cli/terminal.ts'
import { checkoutRoot } from '../../src/engine/checkout.ts'
import type { StackResult } from '../../src/engine/stack-result.ts'
import type { ClusterLab } from '../../src/lab/cluster-lab.ts'
import type { StackState } from '../../src/model/desired-state.ts'
import { type Hands, handsOn } from './by-hand.ts'
import { platformChanges, tenantChanges } from './hand-changed.ts'
import type { HandMade } from './hand-made.ts'
import { makeStrangers, removals } from './hand-removed.ts'
import { changesOf, failuresOf, type LabSession, openLabSession } from './lab-session.ts'
import { differences, readWorld, type World } from './world.ts'

const silent = { ...openTerminal(), live: false, note: () => undefined, print: () => undefined }

let session: LabSession
let cluster: ClusterLab
let hands: Hands
let stacks: readonly StackState[]
/** As an undisturbed run leaves it. */
let undisturbed: World

const stateOf = (stack: string): StackState => {
  const found = stacks.find((one) => one.stack === stack)
  if (found === undefined) throw new Error(`no stack ${stack}`)
  return found
}

const tenant = (): StackState => stateOf('nonprod.retail-banking')

const refresh = async (): Promise<readonly StackResult[]> => {
  const { results } = await refreshAll({
    project: checkoutRoot(),
    terminal: silent,
    stacks: stacks.map(({ stack }) => stack),
    engine: session.engine,
    environment: session.environment,
    parallel: 2,
  })
  expect(failuresOf(results)).toEqual([])
  return results
}

/** A property of a change by the path of its first steps: `rules[0].values[0]` is one of `rules`. */
const tells = ({ properties }: HandChange, path: string): boolean =>
  properties.some(
    (one) => one.path === path || one.path.startsWith(`${path}.`) || one.path.startsWith(`${path}[`),
  )

/** What of the wanted is not told, and what is told and was not made, in words. */
const untold = (made: readonly HandMade[], told: readonly HandChange[]): readonly string[] => {
  const wanted = new Map(made.map((one) => [one.resource, one]))
  const unexpected = told.filter(({ resource }) => !wanted.has(resource))
  return [
    ...unexpected.map(({ resource, what }) => `told without reason: ${resource} ${what}`),
    ...made.flatMap(({ resource, what, properties = [], to = {} }) => {
      const found = told.find((one) => one.resource === resource)
      if (found === undefined) return [`not told: ${resource} ${what}`]
      const values = new Map(found.properties.map((one) => [one.path, one.to]))
      return [
        ...(found.what === what ? [] : [`${resource} was ${what}, told as ${found.what}`]),
        ...properties.filter((path) => !tells(found, path)).map((path) => `not told: ${resource} ${path}`),
        ...found.properties
          .filter(
            ({ path }) =>
              !properties.some((one) => tells({ ...found, properties: [{ path, change: 'update' }] }, one)),
          )
          .map(({ path }) => `told without reason: ${resource} ${path}`),
        ...Object.entries(to)
          .filter(([path, value]) => values.get(path) !== value)
          .map(
            ([path, value]) => `${resource} ${path} is ${value}, told as ${JSON.stringify(values.get(path))}`,
          ),
      ]
    }),
  ]
}

const allTold = (results: readonly StackResult[]): readonly HandChange[] => results.flatMap(handChanges)

/** The next run ends in the undisturbed world, and after it there is nothing to tell and nothing to do. */
const expectPutRight = async (): Promise<void> => {
  const { results } = await session.run('up', stacks, { full: false })
  expect(failuresOf(results)).toEqual([])
  expect(differences(undisturbed, await readWorld(session.lab, cluster))).toEqual([])
  expect(allTold(await refresh())).toEqual([])
  const again = await session.run('up', stacks, { full: false })
  expect(again.skipped.map(({ stack }) => stack)).toEqual(stacks.map(({ stack }) => stack))
  expect(changesOf((await session.run('preview', stacks)).results)).toEqual([])
}

const expectToldAndPutRight = async (made: readonly HandMade[]): Promise<void> => {
  for (const { by } of made) await by(hands)
  expect(differences(undisturbed, await readWorld(session.lab, cluster))).not.toEqual([])
  expect(untold(made, allTold(await refresh()))).toEqual([])
  await expectPutRight()
}

beforeAll(async () => {
  session = await openLabSession()
  const file = join(session.files, 'stacks', 'nonprod.ts')
  const text = await readFile(file, 'utf8')
  await writeFile(
    file,
    text.replace(
      "  stage: 'nonprod',",
      "  stage: 'nonprod',\n  registryWebhook: 'https://hooks.bank.example/registry',",
    ),
  )
  stacks = (await session.stacks(['retail-banking'])).filter((one) => one.cluster === 'nonprod')
  const found = session.lab.clusters.find((one) => one.cluster.cluster === 'nonprod')
  if (found === undefined) throw new Error('no nonprod')
  cluster = found
  hands = handsOn(cluster)
  await makeStrangers(hands)
  const { results } = await session.run('up', stacks)
  expect(failuresOf(results)).toEqual([])
  undisturbed = await readWorld(session.lab, cluster)
})
afterAll(async () => {
  await hands?.close()
  await session?.close()
})

describe('every property that an admin can change', () => {
  test('is told by name, from what to what, and put right by the next run', async () => {
    await expectToldAndPutRight([...tenantChanges(tenant()), ...platformChanges(cluster)])
  })
})

describe('everything that an admin can delete', () => {
  test('is told by name and made again by the next run, and what is nobody’s of ours stays', async () => {
    await expectToldAndPutRight(removals(tenant()))
  })
})

describe('an organization deleted by hand', () => {
  test('is told with everything that went with it, and comes back whole', async () => {
    await hands.ucp('DELETE', '/accounts/retail-banking')
    const told = allTold(await refresh()).map(({ resource }) => resource)
    expect(told).toEqual(
      expect.arrayContaining(['organization', 'team/developers', 'member/pipelines/svc-retail-ci']),
    )
    await expectPutRight()
  })
})
