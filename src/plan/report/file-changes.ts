import { isDeepStrictEqual } from 'node:util'
import { organizationMadeAs } from '../../tenant/former-name.ts'
import type { Tenant } from '../../tenant/schema.ts'
import { amountInWords } from './capacity-report.ts'
import { type BothFiles, clusterNamed, type TenantAt, tenantsAt } from './fleet-files.ts'
import { joined, own, type Phrase, say } from './phrase.ts'

/** What an organization's file changes that no resource shows: who answers for it, who pays, how much it may use. */
export interface FileChange {
  /** By the name that its stacks have, whatever the file calls it since. */
  readonly organization: string
  readonly sentences: readonly Phrase[]
}

const labels = {
  owner: 'owner',
  technicalLead: 'technical lead',
  costCentre: 'cost centre',
  size: 'size',
} as const

const plainFields = Object.keys(labels).filter((field): field is keyof typeof labels => field in labels)

/** What a stage of a tenant's life means for it. */
const stages = {
  active: 'at work',
  frozen: 'nothing of it changes but by an override',
  draining: 'no new workload, and its people only look',
  archived: 'everything goes but its data',
} as const

type Lifecycle = keyof typeof stages

const lifecycleSentences = (before: Lifecycle, after: Lifecycle): readonly Phrase[] =>
  before === after ? [] : [own(`${before} → ${after}: ${stages[after]}`)]

const fieldSentences = (before: Tenant, after: Tenant): readonly Phrase[] => [
  ...plainFields.flatMap((field) =>
    before[field] === after[field] ? [] : [say`${own(labels[field])} ${before[field]} → ${after[field]}`],
  ),
  ...(before.organization === after.organization
    ? []
    : [say`called ${after.organization} from now on; every system keeps its name`]),
  ...lifecycleSentences(before.lifecycle ?? 'active', after.lifecycle ?? 'active'),
]

const measures = [
  ['CPUs', 'cpuMillis'],
  ['memory', 'memoryBytes'],
  ['storage', 'storageBytes'],
  ['containers', 'containers'],
] as const

const quotaDifference = (before: TenantAt, after: TenantAt): Phrase | undefined => {
  const parts = measures.flatMap(([measure, field]) => {
    const [then, now] = [before.resolved.quota[field].value, after.resolved.quota[field].value]
    return then === now
      ? []
      : [own(`${measure} ${amountInWords(measure, then)} → ${amountInWords(measure, now)}`)]
  })
  return parts.length === 0 ? undefined : joined(parts, ', ')
}

const quotaSentences = ({ before, after }: BothFiles, organization: string): readonly Phrase[] =>
  after.clusters.flatMap((cluster) => {
    const earlier = clusterNamed(before, cluster.cluster)
    if (before === undefined || earlier === undefined) return []
    const named = ({ tenant }: TenantAt): boolean => organizationMadeAs(tenant) === organization
    const [then, now] = [tenantsAt(before, earlier).find(named), tenantsAt(after, cluster).find(named)]
    const difference = then === undefined || now === undefined ? undefined : quotaDifference(then, now)
    return difference === undefined ? [] : [say`quota on ${cluster.cluster}: ${difference}`]
  })

/**
 * What files change beside resources, by organization in the order of the files; those that are new or gone are left out,
 * and everything where the files of the base are not at hand. Never throws on checked files.
 */
export const fileChanges = (files: BothFiles): readonly FileChange[] => {
  const earlier = new Map(files.before?.tenants.map((tenant) => [organizationMadeAs(tenant), tenant]))
  return files.after.tenants.flatMap((tenant) => {
    const organization = organizationMadeAs(tenant)
    const before = earlier.get(organization)
    if (before === undefined || isDeepStrictEqual(before, tenant)) return []
    const sentences = [...fieldSentences(before, tenant), ...quotaSentences(files, organization)]
    return sentences.length === 0 ? [] : [{ organization, sentences }]
  })
}
