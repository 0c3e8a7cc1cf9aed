import type { StackState } from '../model/desired-state.ts'
import type { Grant, Subject } from '../model/grant.ts'
import type { Resource } from '../model/resource.ts'
import type { Team } from '../model/team.ts'

/** New names by key, as somebody gave them by hand to resources of one stack. */
export type NewNames = ReadonlyMap<string, string>

/** What a grant says of its team goes with the team's name. */
const subjectAfter = (subject: Subject, teams: readonly (readonly [Team, string])[]): Subject => {
  if (subject.kind !== 'team') return subject
  const renamed = teams.find(
    ([{ organization, name }]) => organization === subject.organization && name === subject.team,
  )
  return renamed === undefined ? subject : { ...subject, team: renamed[1] }
}

const grantAfter = (grant: Grant, teams: readonly (readonly [Team, string])[]): Grant => ({
  ...grant,
  subject: subjectAfter(grant.subject, teams),
})

const renamed = (resource: Resource, names: NewNames): Resource => {
  const name = names.get(resource.key)
  return name !== undefined && 'name' in resource ? { ...resource, name } : resource
}

/** A state whose things have the names that somebody gave them by hand: they are its stack's all the same. Pure; never throws. */
export const asRenamed = (state: StackState, names: NewNames): StackState => {
  const teams = state.resources.flatMap((resource): (readonly [Team, string])[] => {
    const name = names.get(resource.key)
    return resource.kind === 'Team' && name !== undefined ? [[resource, name]] : []
  })
  return {
    ...state,
    resources: state.resources.map((resource) =>
      resource.kind === 'Grant' ? grantAfter(resource, teams) : renamed(resource, names),
    ),
  }
}
