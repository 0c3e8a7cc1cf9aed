import type { Issue } from '../core/issue.ts'
import type { Loaded } from '../core/loaded.ts'
import { organizationMadeAs } from '../tenant/former-name.ts'
import type { Tenant } from '../tenant/schema.ts'
import { duplicates } from './duplicates.ts'
import type { Fleet } from './fleet.ts'
import { placeName } from './place-name.ts'

type Path = readonly (string | number)[]

/** What a file claims for itself. */
interface Claim {
  readonly tenant: Loaded<Tenant>
  readonly text: string
  readonly path: Path
}

/** A thing that only one organization may have, claimed by two: an issue on both. */
const shared = (claims: readonly Claim[], code: string, what: string, hint: string): Issue[] =>
  duplicates(claims, ({ text }) => text.toLowerCase())
    .filter(({ item, first }) => item.tenant !== first.tenant)
    .flatMap(({ item, first }) =>
      [
        [item, first],
        [first, item],
      ].flatMap(([claim, other]) =>
        claim && other ? [sharedIssue(claim, other, { code, what, hint })] : [],
      ),
    )

const sharedIssue = (
  claim: Claim,
  other: Claim,
  { code, what, hint }: { code: string; what: string; hint: string },
): Issue => ({
  code,
  message: `${what} '${claim.text}' belongs to ${other.tenant.value.organization} too (${placeName(other.tenant, other.path)}).`,
  source: claim.tenant.locate(claim.path),
  hint,
})

/** A distinguished name as directories compare it: without regard to case and to blanks around commas. */
const sameName = (distinguishedName: string): string => distinguishedName.replace(/\s*,\s*/g, ',')

const ldapGroupsOf = (tenants: readonly Loaded<Tenant>[]): Claim[] =>
  tenants.flatMap((tenant) =>
    Object.entries(tenant.value.teams).flatMap(([team, { ldapGroup }]) =>
      ldapGroup === undefined
        ? []
        : [{ tenant, text: sameName(ldapGroup), path: ['teams', team, 'ldapGroup'] }],
    ),
  )

const checkLdapGroups = ({ tenants }: Fleet): Issue[] =>
  shared(
    ldapGroupsOf(tenants),
    'fleet/shared-ldap-group',
    'The LDAP group',
    'A group gives access to one organization; ask the directory for a group of its own.',
  )

const commonName = (distinguishedName: string): string =>
  sameName(distinguishedName).split(',')[0]?.replace(/^cn=/i, '') ?? distinguishedName

/** Vault knows a group by its common name alone: two groups of one name would get each other's policies. */
const checkCommonNames = ({ tenants }: Fleet): Issue[] =>
  duplicates(ldapGroupsOf(tenants), ({ text }) => commonName(text).toLowerCase())
    .filter(({ item, first }) => item.text.toLowerCase() !== first.text.toLowerCase())
    .map(({ item, first }) => ({
      code: 'fleet/shared-common-name',
      message: `The LDAP groups '${item.text}' and '${first.text}' (${placeName(first.tenant, first.path)}) have the same common name.`,
      source: item.tenant.locate(item.path),
      hint: 'Vault tells groups apart by their common name; ask the directory for another.',
    }))

/** Every account that the files name. */
const accountsOf = (tenant: Loaded<Tenant>): Claim[] => [
  ...Object.entries(tenant.value.teams).flatMap(([team, { members }]) =>
    (members ?? []).map((text, index) => ({ tenant, text, path: ['teams', team, 'members', index] })),
  ),
  ...(tenant.value.ci?.account === undefined
    ? []
    : [{ tenant, text: tenant.value.ci.account, path: ['ci', 'account'] }]),
]

/** UCP keeps organizations and users in one space of names. */
const checkAccountNames = ({ tenants }: Fleet): Issue[] => {
  const organizations = new Set(tenants.map(({ value }) => organizationMadeAs(value)))
  return tenants
    .flatMap(accountsOf)
    .filter(({ text }) => organizations.has(text))
    .map(({ tenant, text, path }) => ({
      code: 'fleet/account-is-organization',
      message: `The account '${text}' is called like an organization.`,
      source: tenant.locate(path),
      hint: 'UCP keeps users and organizations in one space of names: rename one of the two.',
    }))
}

const checkCiAccounts = ({ tenants }: Fleet): Issue[] =>
  shared(
    tenants.flatMap((tenant) => {
      const account = tenant.value.ci?.account
      return account === undefined ? [] : [{ tenant, text: account, path: ['ci', 'account'] }]
    }),
    'fleet/shared-ci-account',
    'The account',
    'An account has one default collection: use one of its own for each organization.',
  )

const checks = [checkLdapGroups, checkCommonNames, checkAccountNames, checkCiAccounts]

/** LDAP groups and accounts that two organizations claim, or that a system would take for another. Issue codes: `fleet/*`. Never throws. */
export const checkAccounts = (fleet: Fleet): Issue[] => checks.flatMap((check) => check(fleet))
