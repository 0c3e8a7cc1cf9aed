import type { Account } from '../accounts.ts'
import type { Membership, Team } from '../organizations.ts'
import type { UcpState } from '../state.ts'

/** Users in an organization; everybody is in the everyone-org without being listed. */
export const membersOf = (state: UcpState, organization: Account): Membership[] =>
  organization.id === state.everyone.id
    ? state.accounts
        .all()
        .filter((account) => !account.isOrg)
        .map((account) => ({ userId: account.id, isAdmin: false }))
    : state.organizations.members(organization.id)

export const memberOf = (state: UcpState, organization: Account, userId: string): Membership | undefined =>
  organization.id === state.everyone.id
    ? { userId, isAdmin: false }
    : state.organizations.member(organization.id, userId)

/** An account as the API shows it (reference §2.1). */
export const accountView = (state: UcpState, account: Account): Record<string, unknown> => ({
  name: account.name,
  id: account.id,
  fullName: account.fullName,
  isOrg: account.isOrg,
  isAdmin: account.isAdmin,
  isActive: account.isActive,
  isImported: account.isImported,
  onDemand: false,
  otpEnabled: false,
  membersCount: account.isOrg ? membersOf(state, account).length : 0,
  teamsCount: account.isOrg ? state.organizations.teams(account.id).length : 0,
})

export const teamView = (state: UcpState, team: Team): Record<string, unknown> => ({
  orgID: team.orgId,
  name: team.name,
  id: team.id,
  description: team.description,
  membersCount: state.organizations.teamMembers(team.id).length,
})

export const memberView = (state: UcpState, membership: Membership): Record<string, unknown> => ({
  member: accountView(state, state.accounts.get(membership.userId)),
  isAdmin: membership.isAdmin,
})
