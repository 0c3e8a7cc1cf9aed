import type { Stage } from '../../cluster/schema.ts'
import type { Network } from '../../model/network.ts'
import type { Resource } from '../../model/resource.ts'
import type { Change } from '../changes.ts'
import { own, type Phrase, say } from './phrase.ts'

/** What a change can cost, the worst first. */
export const dangers = ['data', 'security', 'outage', 'notice'] as const
export type Danger = (typeof dangers)[number]

/** Why a reviewer should look at a change. */
export interface Risk {
  readonly danger: Danger
  /** A clause that follows the change, e.g. `the services on it lose it`. */
  readonly why: Phrase
}

const risk = (danger: Danger, why: string): Risk => ({ danger, why: own(why) })

type Kind = Resource['kind']

/** What goes with a thing that is deleted or made anew. Kinds that are not here take nothing with them. */
const lossOf: Readonly<Partial<Record<Kind, Risk>>> = {
  ContentTrust: risk('security', 'unsigned images may run'),
  DockerService: risk('outage', 'it stops'),
  Network: risk('outage', 'the services on it lose it'),
  Organization: risk('security', 'everyone of it loses their access'),
  PortGroup: risk('outage', 'the networks on its VLAN lose it'),
  PromotionPolicy: risk('outage', 'images no longer get into the release repository by it'),
  Repository: risk('data', 'its images go with it'),
  RevokedGrant: risk('security', 'nothing takes that grant away any more'),
  Team: risk('outage', 'its members lose what it holds'),
  VaultAppRole: risk('outage', 'the log-ins made with it end'),
  VaultAuthBackend: risk('outage', 'nobody logs in to Vault by it'),
  VirtualMachine: risk('outage', 'its containers are moved or stop'),
  VmResourcePool: risk('outage', 'its VMs are moved'),
}

/** What a thing that is made anew under a new name costs: the new one stands before the old one goes. */
const seamless: ReadonlySet<Kind> = new Set<Kind>(['Role', 'Grant', 'DockerConfig', 'DockerSecret'])

/** Whether making a thing of this kind anew is noticed by nobody. */
export const isSeamless = (kind: Kind): boolean => seamless.has(kind)

const heldData = (change: Change['kind']): Risk =>
  change === 'replace'
    ? risk('data', 'it holds data that the new one would not have; the engine refuses that')
    : risk('data', 'it holds data; the engine refuses that until the data may go out of our care')

const lost = (change: Change, before: Resource): Risk | undefined => {
  if (change.kind === 'replace' && isSeamless(before.kind)) return undefined
  if (before.retained === 'data') return heldData(change.kind)
  return lossOf[before.kind]
}

const weakenedNetwork = (before: Network, after: Network, stage: Stage): Risk | undefined => {
  if (before.options.encrypted === 'true' && after.options.encrypted !== 'true')
    return risk('security', 'what goes over it is no longer encrypted')
  if (before.internal && !after.internal) return risk('security', 'what runs on it reaches beyond it')
  return stage === 'prod' && !before.attachable && after.attachable
    ? risk('security', 'containers outside of services may join it')
    : undefined
}

const rank = { 'read-only': 0, 'read-write': 1, admin: 2 } as const

/** What is held back less after a change than before. */
const weakened = (before: Resource, after: Resource, stage: Stage): Risk | undefined => {
  if (before.kind === 'Network' && after.kind === 'Network') return weakenedNetwork(before, after, stage)
  if (before.kind === 'ContentTrust' && after.kind === 'ContentTrust') {
    if (before.required && !after.required)
      return risk('security', 'what nobody signed gets onto the cluster')
    return before.signers.some((signer) => !after.signers.includes(signer))
      ? risk('security', 'fewer teams must sign an image')
      : undefined
  }
  if (before.kind === 'Repository' && after.kind === 'Repository') {
    if (before.immutableTags && !after.immutableTags)
      return risk('security', 'a tag may be pushed again with another image')
    return before.scanOnPush && !after.scanOnPush
      ? risk('security', 'what is wrong with them shows late or never')
      : undefined
  }
  if (before.kind === 'RepositoryAccess' && after.kind === 'RepositoryAccess')
    return rank[after.accessLevel] > rank[before.accessLevel] && stage === 'prod'
      ? risk('security', 'it is a registry of production')
      : undefined
  return undefined
}

/** What is another though the thing stays. */
const altered = (before: Resource, after: Resource): Risk | undefined => {
  if (before.kind === 'Team' && after.kind === 'Team' && before.ldapSync?.groupDn !== after.ldapSync?.groupDn)
    return risk('security', 'other people are its members')
  if (before.kind === 'PromotionPolicy') return risk('notice', 'other images get into the release repository')
  if (before.kind === 'VaultPolicy') return risk('notice', 'other secrets may be read or written')
  return before.kind === 'VirtualMachine' && after.kind === 'VirtualMachine' && before.cpus !== after.cpus
    ? risk('notice', 'vCenter may restart it')
    : undefined
}

/** What somebody should know before approving a change; undefined where it costs nothing. Never throws. */
export const riskOf = (change: Change, stage: Stage): Risk | undefined => {
  if (change.kind === 'create') return undefined
  if (change.kind === 'delete') return lost(change, change.before)
  const weaker = weakened(change.before, change.after, stage)
  if (weaker !== undefined) return weaker
  return change.kind === 'replace' ? lost(change, change.before) : altered(change.before, change.after)
}

/** Lower is worse: by danger, and for each danger production first. */
export const rankOf = (found: Risk | undefined, stage: Stage): number =>
  (found === undefined ? dangers.length : dangers.indexOf(found.danger)) * 2 + (stage === 'prod' ? 0 : 1)

/** Risk of a tenant that is put to rest on purpose. */
export const tenantArchived: Risk = risk('data', 'its file says that it is archived')

/** Risk of a whole tenant that goes. */
export const tenantGone = (organization: string): Risk => ({
  danger: 'data',
  why: say`no file asks for ${organization} any more`,
})
