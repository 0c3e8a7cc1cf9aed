import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { usersFile } from '../lab/lab-credentials.ts'
import { labLayout } from '../lab/layout.ts'
import { parsePasswords } from '../lab/people.ts'
import { readDirectory } from '../lab/ucp/directory.ts'
import type { Fleet } from '../load/fleet.ts'
import { madeAs, organizationMadeAs } from '../tenant/former-name.ts'
import { JobRole } from '../tenant/schema.ts'

/** Someone who can log in to the lab, and what they are. */
export interface LabPerson {
  readonly jobRole: JobRole
  /** `organization/team`. */
  readonly team: string
  readonly user: string
  readonly password: string
}

/** The first person of the directory for every job role that some team has. */
export const personPerJobRole = async (project: string, fleet: Fleet): Promise<readonly LabPerson[]> => {
  const directory = await readDirectory(join(project, 'lab', 'directory.json'))
  const passwords = parsePasswords(await readFile(usersFile(labLayout(project)), 'utf8'))
  const membersOf = (group: string): readonly string[] =>
    directory.groups.find(({ dn }) => dn.toLowerCase() === group.toLowerCase())?.members ?? []
  const teams = fleet.tenants.flatMap(({ value }) =>
    Object.entries(value.teams).map(([name, team]) => ({
      jobRole: team.role,
      team: `${organizationMadeAs(value)}/${madeAs(name, team)}`,
      members: team.ldapGroup === undefined ? (team.members ?? []) : membersOf(team.ldapGroup),
    })),
  )
  // The sample with most teams shows the roles best: one organization's people side by side.
  const ordered = [...teams].sort(
    (a, b) => Number(b.team.startsWith('retail-')) - Number(a.team.startsWith('retail-')),
  )
  return JobRole.options.flatMap((jobRole) => {
    for (const { team, members, jobRole: theirs } of ordered) {
      const user = members.find((name) => passwords.has(name))
      const password = user === undefined ? undefined : passwords.get(user)
      if (theirs === jobRole && user !== undefined && password !== undefined)
        return [{ jobRole, team, user, password: password.reveal() }]
    }
    return []
  })
}
