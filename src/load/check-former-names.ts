import type { Issue } from '../core/issue.ts'
import type { Loaded } from '../core/loaded.ts'
import { madeAs, organizationMadeAs } from '../tenant/former-name.ts'
import type { Tenant } from '../tenant/schema.ts'
import { duplicates } from './duplicates.ts'
import type { Fleet } from './fleet.ts'
import { placeName } from './place-name.ts'

type File = Loaded<Tenant>

const sections = ['teams', 'applications', 'networks', 'volumes'] as const
type Section = (typeof sections)[number]

interface NamedThing {
  readonly section: Section
  readonly name: string
  readonly previously: string | undefined
}

const thingsOf = ({ value }: File, section: Section): readonly NamedThing[] =>
  Object.entries(value[section] ?? {}).map(([name, { previously }]) => ({ section, name, previously }))

const placeOf = (file: File, { section, name, previously }: NamedThing) =>
  previously === undefined ? file.locateKey([section, name]) : file.locate([section, name, 'previously'])

const itself = (file: File, name: string, path: readonly string[]): Issue => ({
  code: 'tenant/previously-itself',
  message: `'${name}' is what it is called already.`,
  source: file.locate(path),
  hint: 'Leave `previously` out, or give the name it was made under.',
})

const taken = (file: File, own: NamedThing, other: NamedThing): Issue => ({
  code: 'tenant/previously-taken',
  message: `'${own.name}' and '${other.name}' in \`${own.section}\` would both be '${madeAs(own.name, own)}' (line ${placeOf(file, other).line}).`,
  source: placeOf(file, own),
  hint: 'A name that something was made under stays its own: choose another one for what is new.',
})

const checkSection = (file: File, section: Section): Issue[] => {
  const things = thingsOf(file, section)
  return [
    ...things
      .filter(({ name, previously }) => name === previously)
      .map(({ name }) => itself(file, name, [section, name, 'previously'])),
    ...duplicates(things, (thing) => madeAs(thing.name, thing)).map(({ item, first }) =>
      taken(file, item, first),
    ),
  ]
}

/** Former names within one file. Issue codes: `tenant/previously-itself`, `tenant/previously-taken`. Never throws. */
export const checkFormerNames = (file: File): Issue[] => [
  ...(file.value.previously === file.value.organization
    ? [itself(file, file.value.organization, ['previously'])]
    : []),
  ...sections.flatMap((section) => checkSection(file, section)),
]

const sameOrganization = (own: File, other: File): Issue => ({
  code: 'fleet/previously-taken',
  message: `${own.value.organization} and ${other.value.organization} (${placeName(other, ['organization'])}) would both be '${organizationMadeAs(own.value)}'.`,
  source: own.locate([own.value.previously === undefined ? 'organization' : 'previously']),
  hint: 'A name that an organization was made under stays its own: choose another one for the new organization.',
})

/** Organizations that two files claim, one of them by its former name. Issue code: `fleet/previously-taken`. Never throws. */
export const checkFormerOrganizations = ({ tenants }: Fleet): Issue[] =>
  duplicates(tenants, ({ value }) => organizationMadeAs(value)).flatMap(({ item, first }) => [
    sameOrganization(item, first),
    sameOrganization(first, item),
  ])
