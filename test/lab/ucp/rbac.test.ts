import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Caller } from '../../../src/lab/ucp/access.ts'
import { UcpState } from '../../../src/lab/ucp/state.ts'
import { defaultSwitches } from '../../../src/lab/ucp/switches.ts'

const stateOf = (): UcpState =>
  new UcpState({
    directory: { users: [], groups: [] },
    directoryPasswords: new Map(),
    switches: { ...defaultSwitches, defaultSchedulerGrant: 'none' },
    now: () => 0,
  })

const operations = ['Service View', 'Service Create', 'Container Exec', 'Node Schedule'] as const
const roleContents = [
  { Service: { 'Service View': [] } },
  { Service: { 'Service Create': ['Host Bind Mounts'], 'Service View': [] } },
  { Container: { 'Container Exec': [] } },
  { Node: { 'Node Schedule': [] } },
]
const paths = ['/', '/A', '/A/B', '/A/B/C', '/A/D', '/E', '/Shared']

/** What happens to the emulator, in terms that a brute-force reader of lists understands as well. */
interface OfGrant<Kind> {
  readonly kind: Kind
  readonly subject: number
  readonly path: number
  readonly role: number
}
interface OfMember<Kind> {
  readonly kind: Kind
  readonly user: number
  readonly team: number
}
type Step = OfGrant<'grant'> | OfGrant<'revoke'> | OfMember<'join'> | OfMember<'leave'>

const grantNumbers = {
  subject: fc.nat(7),
  path: fc.nat(paths.length - 1),
  role: fc.nat(roleContents.length - 1),
}
const memberNumbers = { user: fc.nat(1), team: fc.nat(2) }
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('grant' as const), ...grantNumbers }),
  fc.record({ kind: fc.constant('join' as const), ...memberNumbers }),
  fc.record({ kind: fc.constant('leave' as const), ...memberNumbers }),
)

/** Every step is followed by a revoke of an earlier grant where `nth` says so: a random one would hit none. */
const withRevokes = (steps: readonly (readonly [Step, number | null])[]): Step[] => {
  const granted: OfGrant<'grant'>[] = []
  return steps.flatMap(([one, nth]) => {
    if (one.kind === 'grant') granted.push(one)
    const earlier = nth === null ? undefined : granted[nth % granted.length]
    return earlier === undefined ? [one] : [one, { ...earlier, kind: 'revoke' as const }]
  })
}
const history = (maxLength: number): fc.Arbitrary<Step[]> =>
  fc.array(fc.tuple(step, fc.option(fc.nat(20), { freq: 2 })), { maxLength }).map(withRevokes)

/** Two users; organizations 0 (teams 0 and 1) and 1 (team 2); everyone. Subjects: users, teams, organizations, everyone. */
class World {
  readonly state = stateOf()
  readonly users = ['ada', 'bob'].map((name) => this.state.accounts.create({ name }))
  readonly organizations = ['one', 'two'].map((name) => this.state.accounts.create({ name, isOrg: true }))
  readonly teams = [0, 0, 1].map((org, at) =>
    this.state.organizations.createTeam(this.organizations[org]?.id ?? '', `team-${at}`, ''),
  )
  readonly roles = roleContents.map((contents, at) => this.state.roles.create(`role-${at}`, contents))
  readonly subjects = [
    ...this.users.map(({ id }) => id),
    ...this.teams.map(({ id }) => id),
    ...this.organizations.map(({ id }) => id),
    this.state.everyone.id,
  ]

  constructor() {
    for (const path of paths.slice(1).filter((one) => one !== '/Shared')) this.#make(path)
  }

  collectionId(path: number): string {
    return this.state.collections.byPath(paths[path] ?? '')?.id ?? ''
  }

  apply(given: Step): void {
    if (given.kind === 'grant' || given.kind === 'revoke') {
      const grant = {
        subjectID: this.subjects[given.subject] ?? '',
        objectID: this.collectionId(given.path),
        roleID: this.roles[given.role]?.id ?? '',
      }
      if (given.kind === 'grant') this.state.grants.put(grant)
      else this.state.grants.remove(grant)
      return
    }
    const team = this.teams[given.team]
    const user = this.users[given.user]
    if (team === undefined || user === undefined) return
    if (given.kind === 'join') this.state.organizations.putTeamMember(team, user.id)
    else this.state.organizations.removeMember(team.orgId, user.id)
  }

  #make(path: string): void {
    const at = path.lastIndexOf('/')
    const parentId = this.state.collections.byPath(path.slice(0, at) || '/')?.id ?? ''
    this.state.collections.create({ name: path.slice(at + 1), parentId })
  }
}

/** Reads the steps alone: no index, no cache, paths as text. */
class Oracle {
  readonly #grants = new Set<string>()
  readonly #teams = new Set<string>()

  apply(given: Step): void {
    if (given.kind === 'join') this.#teams.add(`${given.user}:${given.team}`)
    else if (given.kind === 'leave')
      for (const team of given.team === 2 ? [2] : [0, 1]) this.#teams.delete(`${given.user}:${team}`)
    else if (given.kind === 'grant') this.#grants.add(`${given.subject}:${given.path}:${given.role}`)
    else this.#grants.delete(`${given.subject}:${given.path}:${given.role}`)
  }

  #isSubject(user: number, subject: number): boolean {
    const isIn = (team: number): boolean => this.#teams.has(`${user}:${team}`)
    if (subject < 2) return subject === user
    if (subject < 5) return isIn(subject - 2)
    if (subject === 5) return isIn(0) || isIn(1)
    return subject === 6 ? isIn(2) : true
  }

  may(user: number, operation: string, path: number, variant?: string): boolean {
    return [...this.#grants].some((grant) => {
      const [subject = 0, on = 0, role = 0] = grant.split(':').map(Number)
      const from = paths[on] === '/' ? '' : paths[on]
      const covers = `${paths[path] === '/' ? '' : paths[path]}/`.startsWith(`${from}/`)
      const contents: Record<string, Record<string, readonly string[]>> = roleContents[role] ?? {}
      const variants = Object.values(contents).find((one) => operation in one)?.[operation]
      const allows = variants !== undefined && (variant === undefined || variants.includes(variant))
      return covers && allows && this.#isSubject(user, subject)
    })
  }
}

const callerOf = (world: World, user: number): Caller => ({
  id: world.users[user]?.id ?? '',
  name: '',
  isAdmin: false,
})

describe('access', () => {
  it('equals a brute-force reading of the grants after every change', () => {
    fc.assert(
      fc.property(history(20), (steps) => {
        const world = new World()
        const oracle = new Oracle()
        for (const one of steps) {
          world.apply(one)
          oracle.apply(one)
          for (const user of [0, 1])
            for (const path of paths.keys()) {
              const caller = callerOf(world, user)
              const id = world.collectionId(path)
              for (const operation of operations)
                expect(world.state.rbac.may(caller, operation, id)).toBe(oracle.may(user, operation, path))
              expect(world.state.rbac.may(caller, 'Service Create', id, 'Host Bind Mounts')).toBe(
                oracle.may(user, 'Service Create', path, 'Host Bind Mounts'),
              )
            }
        }
      }),
      { numRuns: 150 },
    )
  })

  it('schedules on the ancestor closest to the root that has Node Schedule', () => {
    fc.assert(
      fc.property(history(20), fc.nat(paths.length - 1), (steps, path) => {
        const world = new World()
        const oracle = new Oracle()
        for (const one of steps) {
          world.apply(one)
          oracle.apply(one)
        }
        const lineage = [...paths.keys()]
          .filter((at) => `${paths[path]}/`.startsWith(`${paths[at] === '/' ? '' : paths[at]}/`))
          .sort((a, b) => (paths[a]?.length ?? 0) - (paths[b]?.length ?? 0))
        const wanted = lineage.find((at) => oracle.may(0, 'Node Schedule', at))
        const found = world.state.rbac.schedulingCollection(callerOf(world, 0), world.collectionId(path))
        expect(found?.path).toBe(wanted === undefined ? undefined : paths[wanted])
      }),
      { numRuns: 300 },
    )
  })

  it('lets an admin do everything, and nobody anything on a collection that does not exist', () => {
    const { rbac } = stateOf()
    expect(rbac.may({ id: 'x', name: 'x', isAdmin: true }, 'Container Exec', 'system')).toBe(true)
    expect(rbac.may({ id: 'x', name: 'x', isAdmin: false }, 'Service View', 'nowhere')).toBe(false)
  })

  it('maps a plain label to the legacy collection', () => {
    const state = stateOf()
    const made = state.collections.create({ name: 'foo', parentId: 'legacy' })
    expect(state.rbac.collectionByPath('foo')?.id).toBe(made.id)
    expect(state.rbac.collectionByPath('/foo')).toBeUndefined()
  })

  it('takes the rights of a deleted team, collection and role with them', async () => {
    const world = new World()
    const [team] = world.teams
    const [role] = world.roles
    if (team === undefined || role === undefined) throw new Error('the world is empty')
    world.apply({ kind: 'join', user: 0, team: 0 })
    world.apply({ kind: 'grant', subject: 2, path: 5, role: 0 })
    const id = world.collectionId(5)
    expect(world.state.rbac.may(callerOf(world, 0), 'Service View', id)).toBe(true)
    expect(() => world.state.removeRole(role.id)).toThrow(/use the role/)
    await world.state.removeCollection(id)
    expect(world.state.rbac.may(callerOf(world, 0), 'Service View', id)).toBe(false)
    world.state.removeRole(role.id)
    world.state.removeTeam(team)
    expect(world.state.grants.all()).toEqual([])
  })
})
