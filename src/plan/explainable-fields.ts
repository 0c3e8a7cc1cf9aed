import type { FieldPath, Resolved } from '../compile/provenance.ts'
import type {
  ResolvedCi,
  ResolvedLimits,
  ResolvedNetwork,
  ResolvedQuota,
  ResolvedTenant,
} from '../compile/resolve.ts'
import { formatBytes, formatCpuMillis } from '../core/units.ts'

/** A field as an author knows it: its path in the tenant file, and its value in the file's words. */
export interface ExplainableField {
  /** Names joined by dots, e.g. `applications.payments.reservation`. */
  readonly field: string
  readonly value: unknown
  readonly origin: Resolved<unknown>['origin']
  readonly path: FieldPath
}

const fieldOf = <T>(
  field: string,
  { value, origin, path }: Resolved<T>,
  words: (value: T) => unknown = (plain) => plain,
): ExplainableField => ({ field, value: words(value), origin, path })

const isResolved = (value: unknown): value is Resolved<unknown> =>
  typeof value === 'object' && value !== null && 'origin' in value && 'path' in value && 'value' in value

/** The fields of a named thing that keep the file's name and words. */
const plainFields = (at: string, record: object): readonly ExplainableField[] =>
  Object.entries(record).flatMap(([name, value]) =>
    isResolved(value) ? [fieldOf(`${at}.${name}`, value)] : [],
  )

const quotaFields = (quota: ResolvedQuota): readonly ExplainableField[] => [
  fieldOf('quota.cpu', quota.cpuMillis, formatCpuMillis),
  fieldOf('quota.memory', quota.memoryBytes, formatBytes),
  fieldOf('quota.storage', quota.storageBytes, formatBytes),
  fieldOf('quota.containers', quota.containers),
]

const limitFields = (at: string, limits: ResolvedLimits): readonly ExplainableField[] => [
  fieldOf(`${at}.cpu`, limits.cpuMillis, formatCpuMillis),
  fieldOf(`${at}.memory`, limits.memoryBytes, formatBytes),
]

const ciFields = (ci: ResolvedCi | null): readonly ExplainableField[] =>
  ci === null
    ? []
    : [
        fieldOf('ci.account', ci.account),
        fieldOf('ci.agents.max', ci.agents.max),
        fieldOf('ci.agents.labels', ci.agents.labels),
        ...limitFields('ci.agents', ci.agents),
        ...limitFields('ci.controller', ci.controller),
      ]

/** The kind comes from the file as the other fields do, though nothing can override it. */
const networkFields = (network: ResolvedNetwork): readonly ExplainableField[] => [
  {
    field: `networks.${network.name}.kind`,
    value: network.kind,
    origin: 'file',
    path: ['networks', network.name, 'kind'],
  },
  ...plainFields(`networks.${network.name}`, network),
]

/** Every field of a tenant on a cluster, with its value there, in the order of the tenant file. */
export const explainableFields = (tenant: ResolvedTenant): readonly ExplainableField[] => [
  { field: 'organization', value: tenant.organization, origin: 'file', path: ['organization'] },
  fieldOf('displayName', tenant.displayName),
  fieldOf('size', tenant.size),
  fieldOf('owner', tenant.owner),
  fieldOf('technicalLead', tenant.technicalLead),
  fieldOf('costCentre', tenant.costCentre),
  fieldOf('reservation', tenant.reservation),
  ...quotaFields(tenant.quota),
  ...tenant.teams.flatMap((team) => plainFields(`teams.${team.name}`, team)),
  ...tenant.offers.flatMap((offer) => plainFields(`offers.${offer.name}`, offer)),
  ...tenant.applications.flatMap((application) =>
    plainFields(`applications.${application.name}`, application),
  ),
  ...tenant.networks.flatMap(networkFields),
  ...tenant.volumes.flatMap((volume) => [
    fieldOf(`volumes.${volume.name}.size`, volume.sizeBytes, formatBytes),
    ...plainFields(`volumes.${volume.name}`, volume).filter(({ field }) => !field.endsWith('.sizeBytes')),
  ]),
  ...ciFields(tenant.ci),
]
