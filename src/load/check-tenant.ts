import { releaseRepository } from '../compile/registry.ts'
import type { Issue } from '../core/issue.ts'
import type { Loaded } from '../core/loaded.ts'
import type { OfferName, Tenant } from '../tenant/schema.ts'
import { checkFormerNames } from './check-former-names.ts'
import { checkPortRanges } from './check-ports.ts'
import { checkRange, checkSubnet, prefixRanges } from './check-subnet.ts'
import { didYouMean } from './did-you-mean.ts'
import { duplicates } from './duplicates.ts'

type File = Loaded<Tenant>
type Path = readonly (string | number)[]

const entries = <T>(record: Readonly<Record<string, T>> | undefined): [string, T][] =>
  Object.entries(record ?? {})

const checkPeople = ({ value, locate }: File): Issue[] =>
  value.owner.toLowerCase() === value.technicalLead.toLowerCase()
    ? [
        {
          code: 'tenant/owner-is-technical-lead',
          message: `The owner and the technical lead are both ${value.owner}.`,
          source: locate(['technicalLead']),
          hint: 'Name two persons: one answers for the organization, the other for its applications.',
        },
      ]
    : []

const checkMembership = (file: File): Issue[] =>
  entries(file.value.teams).flatMap(([name, team]) => {
    const hasMembers = team.members !== undefined && team.members.length > 0
    if (team.ldapGroup !== undefined && team.members !== undefined) return [bothMemberships(file, name)]
    return team.ldapGroup !== undefined || hasMembers ? [] : [noMembership(file, name)]
  })

const bothMemberships = (file: File, name: string): Issue => ({
  code: 'tenant/team-with-both',
  message: `The team '${name}' has an LDAP group and members of its own.`,
  source: file.locateKey(['teams', name, 'members']),
  hint: 'Keep `ldapGroup`, which follows the directory, or `members`; make a second team for the others.',
})

const noMembership = (file: File, name: string): Issue => ({
  code: 'tenant/team-without-members',
  message: `Nobody is in the team '${name}'.`,
  source: file.locateKey(['teams', name]),
  hint: 'Give it an `ldapGroup`, or account names in `members`.',
})

/** Every place that names an application of the file. */
const applicationReferences = ({ teams, networks, volumes }: Tenant): [Path, string][] =>
  [
    ...entries(teams).flatMap(([team, { applications }]) =>
      (applications ?? []).map((name, index): [Path, string] => [
        ['teams', team, 'applications', index],
        name,
      ]),
    ),
    ...entries(networks).map(([network, { application }]): [Path, string | undefined] => [
      ['networks', network, 'application'],
      application,
    ]),
    ...entries(volumes).map(([volume, { application }]): [Path, string | undefined] => [
      ['volumes', volume, 'application'],
      application,
    ]),
  ].filter((reference): reference is [Path, string] => reference[1] !== undefined)

const checkApplicationReferences = (file: File): Issue[] => {
  const known = Object.keys(file.value.applications)
  return applicationReferences(file.value)
    .filter(([, name]) => !Object.hasOwn(file.value.applications, name))
    .map(([path, name]) => ({
      code: 'tenant/unknown-application',
      message: `The organization has no application '${name}'.`,
      source: file.locate(path),
      hint: didYouMean(name, known),
    }))
}

/** Every list whose entries are a set. */
const lists = ({ teams, applications, ci }: Tenant): [Path, readonly string[]][] => [
  ...entries(teams).flatMap(([name, team]): [Path, readonly string[]][] => [
    [['teams', name, 'members'], team.members ?? []],
    [['teams', name, 'applications'], team.applications ?? []],
  ]),
  ...entries(applications).flatMap(([name, application]): [Path, readonly string[]][] => [
    [['applications', name, 'environments'], application.environments],
    [['applications', name, 'secrets'], application.secrets ?? []],
  ]),
  [['ci', 'agents', 'labels'], ci?.agents.labels ?? []],
]

const checkLists = (file: File): Issue[] =>
  lists(file.value).flatMap(([path, list]) =>
    duplicates(list, (entry) => entry).map(({ index, item }) => ({
      code: 'tenant/duplicate-entry',
      message: `'${item}' stands twice in the list.`,
      source: file.locate([...path, index]),
      hint: 'Keep one of the two.',
    })),
  )

interface PlacedRepository {
  readonly name: string
  readonly application: string
  readonly index: number
}

const repositoriesOf = (tenant: Tenant): PlacedRepository[] =>
  entries(tenant.applications).flatMap(([application, { repositories }]) =>
    (repositories ?? []).map((name, index) => ({ name, application, index })),
  )

const placeOfRepository = (file: File, { application, index }: PlacedRepository) =>
  file.locate(['applications', application, 'repositories', index])

/** An organization's repositories share one namespace in the registry. */
const checkRepositories = (file: File): Issue[] =>
  duplicates(repositoriesOf(file.value), ({ name }) => name).map(({ item, first }) => ({
    code: 'tenant/duplicate-repository',
    message: `The repository '${item.name}' belongs to '${first.application}' already.`,
    source: placeOfRepository(file, item),
    hint: `Give each application repositories of its own, e.g. '${item.application}-${item.name}'.`,
  }))

/** Images for production are promoted into a repository of their own, whose name no other may have. */
const checkReleaseRepositories = (file: File): Issue[] => {
  const all = repositoriesOf(file.value)
  const releases = new Map(
    all
      .filter(({ application }) => file.value.applications[application]?.environments.includes('prod'))
      .map(({ name }) => [releaseRepository(name), name]),
  )
  return all
    .filter(({ name }) => releases.has(name))
    .map((repository) => ({
      code: 'tenant/release-repository',
      message: `The repository '${repository.name}' is the one that released images of '${releases.get(repository.name)}' go to.`,
      source: placeOfRepository(file, repository),
      hint: 'Choose another name.',
    }))
}

/** Names that the platform or UCP itself has already. */
const reservedNames: ReadonlyMap<string, string> = new Map([
  ['platform', "the platform's own stack, registry namespace and Vault mount"],
  ['docker-datacenter', 'the organization that UCP makes for itself'],
  ['ci-cd', 'the collection of Jenkins controllers'],
  ['admin', "UCP's first account"],
])

const checkReservedName = ({ value, locate }: File): Issue[] => {
  const field = reservedNames.has(value.organization) ? 'organization' : 'previously'
  const holder = reservedNames.get(value[field] ?? '')
  if (holder === undefined) return []
  return [
    {
      code: 'tenant/reserved-name',
      message: `The name '${value[field]}' is taken: it is ${holder}.`,
      source: locate([field]),
      hint: 'Choose another name for the organization and the file.',
    },
  ]
}

interface PlacedOffer {
  readonly name: OfferName
  readonly pool: { readonly min: number; readonly max: number } | undefined
  readonly path: Path
}

const offersOf = (tenant: Tenant): PlacedOffer[] => [
  ...entries(tenant.offers).map(([name, offer]) => placedOffer(name, offer?.pool, ['offers', name])),
  ...entries(tenant.clusters).flatMap(([cluster, { offers }]) =>
    entries(offers).map(([name, offer]) =>
      placedOffer(name, offer?.pool, ['clusters', cluster, 'offers', name]),
    ),
  ),
]

const placedOffer = (name: string, pool: PlacedOffer['pool'], path: Path): PlacedOffer => ({
  name: name as OfferName,
  pool,
  path,
})

const checkPools = (file: File): Issue[] => offersOf(file.value).flatMap((offer) => checkPool(file, offer))

const checkPool = (file: File, { name, pool, path }: PlacedOffer): Issue[] => {
  if (pool !== undefined && name !== 'run/edge')
    return [
      {
        code: 'tenant/pool-not-allowed',
        message: `The offer '${name}' has no pools of an organization's own.`,
        source: file.locateKey([...path, 'pool']),
        hint: 'Leave `pool` out; only `run/edge` has one.',
      },
    ]
  if (pool !== undefined)
    return checkRange(file, pool, { path: [...path, 'pool'], code: 'tenant/pool-range' })
  if (name !== 'run/edge') return []
  return [
    {
      code: 'tenant/pool-missing',
      message: 'The offer `run/edge` needs a pool.',
      source: file.locateKey(path),
      hint: "Say which VMs, e.g. 'run/edge': { pool: { machine: 'large', min: 2, max: 6 } }.",
    },
  ]
}

/** Where each offer must be there for something else: path, offer, what needs it. */
const neededOffers = ({ applications, ci }: Tenant): [Path, OfferName, string][] => [
  ...entries(applications).map(([name, application]): [Path, OfferName, string] => [
    application.offer === undefined ? ['applications', name] : ['applications', name, 'offer'],
    application.offer ?? 'run/std',
    `The application '${name}'`,
  ]),
  ...(ci === undefined
    ? []
    : [[['ci'], 'build/std', 'Continuous integration'] satisfies [Path, OfferName, string]]),
]

const checkOffers = (file: File): Issue[] =>
  neededOffers(file.value)
    .filter(([, offer]) => file.value.offers[offer] === undefined)
    .map(([path, offer, what]) => ({
      code: 'tenant/offer-missing',
      message: `${what} needs the offer '${offer}', which the organization does not use.`,
      source: file.locateKey(path),
      hint: `Add '${offer}' to \`offers\`.`,
    }))

const checkCiSubnets = (file: File): Issue[] => [
  ...checkSubnet(file, file.value.ci?.subnet, {
    path: ['ci', 'subnet'],
    area: 'tenant',
    range: prefixRanges.ci,
  }),
  ...entries(file.value.clusters).flatMap(([cluster, { ci }]) =>
    checkSubnet(file, ci?.subnet, {
      path: ['clusters', cluster, 'ci', 'subnet'],
      area: 'tenant',
      range: prefixRanges.ci,
    }),
  ),
]

const checkSubnets = (file: File): Issue[] => [
  ...entries(file.value.networks).flatMap(([name, network]) =>
    checkSubnet(file, network.subnet, {
      path: ['networks', name, 'subnet'],
      area: 'tenant',
      range: prefixRanges[network.kind],
    }),
  ),
  ...entries(file.value.clusters).flatMap(([cluster, { networks }]) =>
    entries(networks).flatMap(([name, network]) =>
      checkSubnet(file, network.subnet, {
        path: ['clusters', cluster, 'networks', name, 'subnet'],
        area: 'tenant',
        range: prefixRanges[file.value.networks?.[name]?.kind ?? 'overlay'],
      }),
    ),
  ),
]

/** Overrides may only speak of what the file has. */
const overrideReferences = (tenant: Tenant): [Path, string, readonly string[]][] =>
  entries(tenant.clusters).flatMap(([cluster, override]) => [
    ...entries(override.networks).map(([name]): [Path, string, readonly string[]] => [
      ['clusters', cluster, 'networks', name],
      'network',
      Object.keys(tenant.networks ?? {}),
    ]),
    ...entries(override.volumes).map(([name]): [Path, string, readonly string[]] => [
      ['clusters', cluster, 'volumes', name],
      'volume',
      Object.keys(tenant.volumes ?? {}),
    ]),
  ])

const checkOverrideReferences = (file: File): Issue[] =>
  overrideReferences(file.value).flatMap(([path, what, known]) => {
    const name = String(path[path.length - 1])
    if (known.includes(name)) return []
    return [
      {
        code: 'tenant/override-of-nothing',
        message: `There is no ${what} '${name}' to override.`,
        source: file.locateKey(path),
        hint: didYouMean(name, known),
      },
    ]
  })

const checkOverriddenCi = (file: File): Issue[] =>
  entries(file.value.clusters)
    .filter(([, { ci }]) => ci !== undefined && file.value.ci === undefined)
    .map(([cluster]) => ({
      code: 'tenant/override-of-nothing',
      message: 'There is no `ci` to override.',
      source: file.locateKey(['clusters', cluster, 'ci']),
      hint: 'Add `ci` to the file, or leave the override out.',
    }))

const checkOverriddenAddresses = (file: File): Issue[] =>
  entries(file.value.clusters).flatMap(([cluster, { networks }]) =>
    entries(networks)
      .filter(([name, { addresses }]) => addresses !== undefined && isAddressless(file.value, name))
      .map(([name]) => ({
        code: 'tenant/addresses-not-public',
        message: `The network '${name}' is not public, so it has no number of addresses.`,
        source: file.locateKey(['clusters', cluster, 'networks', name, 'addresses']),
        hint: 'Override its `subnet` instead.',
      })),
  )

const isAddressless = ({ networks }: Tenant, name: string): boolean =>
  networks?.[name] !== undefined && networks[name].kind !== 'public'

const checks = [
  checkPeople,
  checkMembership,
  checkApplicationReferences,
  checkLists,
  checkRepositories,
  checkReleaseRepositories,
  checkReservedName,
  checkPools,
  checkOffers,
  checkSubnets,
  checkCiSubnets,
  checkOverrideReferences,
  checkOverriddenCi,
  checkOverriddenAddresses,
  checkFormerNames,
  checkPortRanges,
]

/** What one tenant file says that cannot hold, whatever the other files say. Issue codes: `tenant/*`. Never throws. */
export const checkTenant = (file: Loaded<Tenant>): Issue[] => checks.flatMap((check) => check(file))
