import { execFile } from 'node:child_process'
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
import { type FaultTally, tallyFaults } from '../faults/record-row.ts'
import { type Hands, handsOn } from './by-hand.ts'
import { platformChanges, tenantChanges } from './hand-changed.ts'
import { collectionId, type HandMade } from './hand-made.ts'
import { makeStrangers, removals } from './hand-removed.ts'
import { changesOf, failuresOf, type LabSession, openLabSession } from './lab-session.ts'
import { differences, missedWorld, readSettledWorld, readWorld, type World } from './world.ts'

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
  expect(await missedWorld(undisturbed, session.lab, cluster)).toEqual([])
  expect(allTold(await refresh())).toEqual([])
  const again = await session.run('up', stacks, { full: false })
  expect(again.skipped.map(({ stack }) => stack)).toEqual(stacks.map(({ stack }) => stack))
  expect(changesOf((await session.run('preview', stacks)).results)).toEqual([])
}

const expectToldAndPutRight = async (made: readonly HandMade[], rows: FaultTally): Promise<void> => {
  for (const { by } of made) await by(hands)
  expect(differences(undisturbed, await readWorld(session.lab, cluster))).not.toEqual([])
  const told = allTold(await refresh())
  const isRight = async () => {
    expect(untold(made, told)).toEqual([])
    await expectPutRight()
    return 0
  }
  const right = isRight()
  await Promise.allSettled(made.map(() => rows.count(() => right)))
  await right
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
  undisturbed = await readSettledWorld(session.lab, cluster)
})
afterAll(async () => {
  await hands?.close()
  await session?.close()
})

interface Ended {
  readonly code: number
  readonly stdout: string
}

/** The command as its users run it. */
const tenantry = (...options: readonly string[]): Promise<Ended> =>
  new Promise((resolve) => {
    const program = join(checkoutRoot(), 'bin', 'tenantry.mjs')
    const child = execFile(
      process.execPath,
      [program, '--root', session.files, ...options],
      { cwd: checkoutRoot(), env: session.environment, maxBuffer: 2 ** 28 },
      (_, stdout) => resolve({ code: child.exitCode ?? -1, stdout }),
    )
  })

const tally = (name: string, fault: string) =>
  tallyFaults(`drift-${name}`, { fault, step: 'everything of a tenant and its platform, told by `refresh`' })

const changedTally = tally('changed', 'a property changed by hand')
const removedTally = tally('removed', 'a thing deleted by hand')
afterAll(async () => {
  await changedTally.write()
  await removedTally.write()
})

describe('every property that an admin can change', () => {
  test('is told by name, from what to what, and put right by the next run', async () => {
    await expectToldAndPutRight([...tenantChanges(tenant()), ...platformChanges(cluster)], changedTally)
  })
})

describe('everything that an admin can delete', () => {
  test('is told by name and made again by the next run, and what is nobody’s of ours stays', async () => {
    await expectToldAndPutRight(removals(tenant()), removedTally)
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

describe('the command', () => {
  test('ends with 0 where all is as applied, with 1 where it is not, and tells both people and machines', async () => {
    const selected = ['refresh', 'retail-banking', '--cluster', 'nonprod']
    const clean = await tenantry(...selected)
    expect(clean.stdout).toContain('2 stacks read, 0 changed by hand')
    expect(clean.code).toBe(0)
    await hands.ucp('PATCH', '/accounts/retail-banking/teams/releasers', { name: 'leakers' })
    const told = await tenantry(...selected, '--json')
    expect(told.code).toBe(1)
    expect(JSON.parse(told.stdout)).toMatchObject({
      notApplied: [],
      stacks: [
        { stack: 'nonprod.platform', outcome: 'succeeded', changedByHand: 0, changes: [] },
        {
          stack: 'nonprod.retail-banking',
          changedByHand: 1,
          changes: [
            {
              resource: 'team/releasers',
              what: 'renamed',
              properties: [{ path: 'name', from: 'releasers', to: 'leakers' }],
            },
          ],
        },
      ],
    })
    // It stands in the state now: another look finds nothing new, and the next run still puts it right.
    expect((await tenantry(...selected)).code).toBe(0)
    await expectPutRight()
    const none = await tenantry('refresh', 'insurance', '--cluster', 'nonprod', '--json')
    expect(JSON.parse(none.stdout)).toMatchObject({ notApplied: ['nonprod.insurance'] })
    expect(none.code).toBe(0)
  })
})

describe('a team renamed by hand whose name somebody took', () => {
  test('is not made twice: the run says who stands in the way, and ends well once that is gone', async () => {
    await hands.ucp('PATCH', '/accounts/retail-banking/teams/developers', { name: 'hackers' })
    await hands.ucp('POST', '/accounts/retail-banking/teams', { name: 'developers', description: 'mine' })
    expect(allTold(await refresh()).map(({ resource, what }) => `${resource} ${what}`)).toEqual([
      'team/developers renamed',
    ])
    const before = await readSettledWorld(session.lab, cluster)
    const { results } = await session.run('up', stacks)
    expect(failuresOf(results).join('\n')).toContain('retail-banking/developers')
    expect(await missedWorld(before, session.lab, cluster)).toEqual([])
    await hands.ucp('DELETE', '/accounts/retail-banking/teams/developers')
    await expectPutRight()
  })
})

describe('what somebody made under our names before the first run', () => {
  test('is refused by name with the way out, and left alone', async () => {
    const own = (await session.stacks(['innovation-lab'])).filter(
      (one) => one.stack === 'nonprod.innovation-lab',
    )
    const [state] = own
    if (state === undefined) throw new Error('no innovation lab')
    const refused = async (...names: readonly string[]): Promise<void> => {
      const before = await readWorld(session.lab, cluster)
      const said = failuresOf((await session.run('up', own)).results)
      const text = said.join('\n')
      for (const name of names) expect(text, said.join(' | ')).toContain(name)
      expect(text).toMatch(/not made by|nobody is marked as its owner|was not made/)
      const gone = differences(before, await readWorld(session.lab, cluster)).filter((one) =>
        one.startsWith('missing'),
      )
      // Only what counts its parts changes; nothing that was there is gone or otherwise.
      expect(gone.filter((one) => !/"membersCount"|"teamsCount"/.test(one))).toEqual([])
    }
    const network = state.resources.find(({ kind }) => kind === 'Network')
    const secret = state.resources.find(({ kind }) => kind === 'DockerSecret')
    if (network?.kind !== 'Network' || secret?.kind !== 'DockerSecret')
      throw new Error('no network or secret')
    const parent = await collectionId(hands, '/Run/Std')
    await hands.ucp('POST', '/networks/create', { Name: network.name, Driver: 'overlay' })
    await hands.ucp('POST', '/secrets/create', { Name: secret.name, Data: 'bWluZQ==' })
    await hands.ucp('POST', '/accounts/', { name: 'innovation-lab', fullName: 'Mine', isOrg: true })
    await hands.ucp('POST', '/collections', { name: 'innovation-lab', parent_id: parent })
    await hands.vault('POST', 'sys/mounts/orgs/innovation-lab', { type: 'kv', options: { version: '2' } })
    await refused('organization innovation-lab', '/Run/Std/innovation-lab', 'orgs/innovation-lab')
    await hands.ucp('DELETE', '/accounts/innovation-lab')
    await hands.ucp('DELETE', `/collections/${await collectionId(hands, '/Run/Std/innovation-lab')}`)
    await hands.vault('DELETE', 'sys/mounts/orgs/innovation-lab')
    await refused(network.name, secret.name)
    await hands.ucp('DELETE', `/networks/${network.name}`)
    await hands.ucp('DELETE', `/secrets/${secret.name}`)
    expect(failuresOf((await session.run('up', own)).results)).toEqual([])
    expect(changesOf((await session.run('preview', own)).results)).toEqual([])
  })
})
