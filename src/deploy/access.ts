import type { Subject } from '../model/grant.ts'
import type { Registrations } from './site.ts'
import { UcpCollection } from './ucp/collection.ts'
import { UcpDefaultCollection } from './ucp/default-collection.ts'
import { UcpGrant } from './ucp/grant.ts'
import { UcpOrganization } from './ucp/organization.ts'
import { UcpRevokedGrant } from './ucp/revoked-grant.ts'
import { UcpRole } from './ucp/role.ts'
import { UcpTeam } from './ucp/team.ts'
import { UcpTeamMember } from './ucp/team-member.ts'

const subjectText = (subject: Subject): string => {
  if (subject.kind === 'team') return `team:${subject.organization}/${subject.team}`
  return subject.kind === 'organization' ? `organization:${subject.organization}` : `user:${subject.user}`
}

const grantInputs = (grant: { subject: Subject; role: string; collection: string }) => ({
  subject: subjectText(grant.subject),
  role: grant.role,
  collection: grant.collection,
})

/** Who may do what: accounts, collections, roles and grants of UCP. */
export const access = {
  Organization: (organization, site) =>
    new UcpOrganization(
      organization.key,
      { name: organization.name, fullName: organization.fullName },
      site.options(organization, 'ucp'),
    ),
  Team: (team, site) =>
    new UcpTeam(
      team.key,
      {
        organization: team.organization,
        name: team.name,
        description: team.description,
        ...(team.ldapSync === null ? {} : { ldapSync: team.ldapSync }),
        ...(team.members === undefined ? {} : { members: [...team.members] }),
      },
      site.options(team, 'ucp'),
    ),
  TeamMember: (member, site) =>
    new UcpTeamMember(
      member.key,
      { organization: member.organization, team: member.team, user: member.user },
      site.options(member, 'ucp'),
    ),
  Collection: (collection, site) =>
    new UcpCollection(collection.key, { path: collection.path }, site.options(collection, 'ucp')),
  Role: (role, site) =>
    new UcpRole(role.key, { name: role.name, operations: role.operations }, site.options(role, 'ucp')),
  Grant: (grant, site) => new UcpGrant(grant.key, grantInputs(grant), site.options(grant, 'ucp')),
  RevokedGrant: (grant, site) =>
    new UcpRevokedGrant(grant.key, grantInputs(grant), site.options(grant, 'ucp')),
  DefaultCollection: (standing, site) =>
    new UcpDefaultCollection(
      standing.key,
      { user: standing.user, collection: standing.collection },
      site.options(standing, 'ucp'),
    ),
} satisfies Partial<Registrations>
