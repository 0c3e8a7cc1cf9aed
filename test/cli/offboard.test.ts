import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { appliedFolder, recordApplied } from '../../src/cli/applied.ts'
import { UsageError } from '../../src/cli/exit-code.ts'
import {
  atWorkIssues,
  leaverOf,
  removedBy,
  searchOf,
  sortRemoved,
  unappliedIssues,
} from '../../src/cli/offboard.ts'
import { selectStacks } from '../../src/cli/select.ts'
import { acme, bolt, soundFleet } from '../load/fleet-of.ts'
import { resource, result } from './stack-results.ts'

const leave = (change: object, existing: readonly string[] = [], named: readonly string[] = []) =>
  leaverOf(soundFleet([{ ...acme, ...change }, bolt]), 'acme', { existing, named })
const codes = (change: object, named: readonly string[] = []) =>
  atWorkIssues(leave(change, [], named)).map(({ code }) => code)

describe('who leaves', () => {
  it('leaves every cluster that the file names or a stack stands on', () => {
    const clusters = (change: object, existing: readonly string[]) =>
      leave(change, existing).clusters.map(({ cluster }) => cluster)
    expect(clusters({}, [])).toEqual(['nonprod', 'prod'])
    const only = { applications: { shop: { environments: ['dev'] } }, clusters: { nonprod: {} } }
    expect(clusters(only, [])).toEqual(['nonprod'])
    expect(clusters(only, ['prod.acme'])).toEqual(['nonprod', 'prod'])
  })

  it('may leave one cluster alone', () => {
    expect(leave({}, [], ['prod']).clusters.map(({ cluster }) => cluster)).toEqual(['prod'])
  })

  it('may have no file any more', () => {
    const leaver = leaverOf(soundFleet([bolt]), 'acme', { existing: ['prod.acme'], named: [] })
    expect(leaver).toMatchObject({ organization: 'acme', file: undefined })
    expect(atWorkIssues(leaver)).toEqual([])
  })

  it('is known by both names where it was renamed', () => {
    for (const name of ['acme', 'apex']) {
      const fleet = soundFleet([{ ...acme, previously: 'apex' }, bolt])
      expect(leaverOf(fleet, name, { existing: [], named: [] }).organization).toBe('apex')
    }
  })

  it('is somewhere', () => {
    const fleet = soundFleet([acme])
    expect(() => leaverOf(fleet, 'nobody', { existing: [], named: [] })).toThrow(UsageError)
    expect(() => leaverOf(fleet, 'nobody', { existing: [], named: ['prod'] })).toThrow(
      "Nothing of 'nobody' is on prod.",
    )
  })

  it('was drained before', () => {
    expect(codes({})).toEqual(['offboard/at-work'])
    expect(codes({ lifecycle: 'frozen' })).toEqual(['offboard/at-work'])
    expect(codes({ lifecycle: 'draining' })).toEqual([])
    expect(codes({ lifecycle: 'archived' })).toEqual([])
  })

  it('need not be drained to leave a cluster that its file has left already', () => {
    const only = { applications: { shop: { environments: ['dev'] } }, clusters: { nonprod: {} } }
    expect(atWorkIssues(leave(only, ['prod.acme'], ['prod']))).toEqual([])
  })
})

describe('a word that was not applied', () => {
  let folder: string
  let environment: NodeJS.ProcessEnv
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tenantry-leave-'))
    environment = { PULUMI_BACKEND_URL: `file://${folder}` }
  })
  afterEach(() => rm(folder, { recursive: true }))

  const apply = async (change: object) => {
    for (const state of selectStacks(soundFleet([{ ...acme, ...change }, bolt]), {
      organizations: [],
      clusters: [],
    }))
      await recordApplied(appliedFolder(environment) ?? '', state)
  }
  const said = (change: object) =>
    unappliedIssues(leave(change), environment).map(({ code, message }) => `${code} ${message}`)

  it('stands in the way: its people go on until then', async () => {
    await apply({})
    expect(said({ lifecycle: 'draining' })).toEqual([
      'offboard/not-applied nonprod.acme is at work still: that acme is draining was not applied to it.',
      'offboard/not-applied prod.acme is at work still: that acme is draining was not applied to it.',
    ])
    // What is at work by its file as well is told otherwise.
    expect(said({})).toEqual([])
  })

  it('does not once it was applied, nor where nobody knows', async () => {
    expect(said({ lifecycle: 'archived' })).toEqual([])
    await apply({ lifecycle: 'draining' })
    for (const lifecycle of ['draining', 'archived']) expect(said({ lifecycle })).toEqual([])
    expect(unappliedIssues(leave({ lifecycle: 'draining' }), {})).toEqual([])
  })
})

describe('what is looked for', () => {
  it('is the folder of its VMs, and those that its file makes', () => {
    const edge = { offers: { 'run/std': {}, 'run/edge': { pool: { machine: 'large', min: 2, max: 2 } } } }
    const leaver = leave(edge)
    const [cluster] = leaver.clusters
    if (cluster === undefined) throw new Error('no cluster')
    expect(searchOf(leaver, cluster, {})).toEqual({
      cluster: 'nonprod',
      organization: 'acme',
      stack: 'nonprod.acme',
      machineFolder: `/${cluster.vsphere.datacenter}/vm/${cluster.vsphere.folder}/acme`,
      machines: new Set(['nonprod-acme-edge-01', 'nonprod-acme-edge-02']),
    })
  })
})

describe('what was removed', () => {
  it('is what the engine deleted, without what is retained or failed', () => {
    const ended = result(
      [
        resource('access', 'team/b', 'delete', { type: 'ucp:index:Team' }),
        resource('access', 'team/a', 'delete', { type: 'ucp:index:Team' }),
        resource('access', 'grant', 'delete', { failed: true }),
        resource('volumes', 'volume/ledger', 'delete', { type: 'docker:index/volume:Volume' }),
        resource('access', 'role', 'same'),
      ],
      { operation: 'destroy' },
    )
    const retained = new Map([['nonprod.acme', new Set(['volume/ledger'])]])
    expect(sortRemoved(removedBy([ended], retained))).toEqual([
      { stack: 'nonprod.acme', type: 'ucp:index:Team', name: 'team/a' },
      { stack: 'nonprod.acme', type: 'ucp:index:Team', name: 'team/b' },
    ])
  })
})
