import type { OfferName } from '../tenant/schema.ts'

/** What a grant stands on and a label names: collections that the platform makes on every cluster, parents first. */
export const platformCollections = [
  '/Build',
  '/Build/Std',
  '/Build/Std/CI-CD',
  '/Run',
  '/Run/Edge',
  '/Run/Std',
] as const

/** The collection of an offer; nothing may be scheduled from above it. */
export const offerCollections: Readonly<Record<OfferName, string>> = {
  'run/std': '/Run/Std',
  'run/edge': '/Run/Edge',
  'build/std': '/Build/Std',
}

/** Where Jenkins controllers stand; no organization has a grant on it. */
export const ciCollection = '/Build/Std/CI-CD'

/** An organization's part of an offer, e.g. `/Run/Std/retail-banking`. */
export const workloadCollection = (offer: OfferName, organization: string): string =>
  `${offerCollections[offer]}/${organization}`

/** Where services of one application stand, so that a team can be limited to it. */
export const applicationCollection = (offer: OfferName, organization: string, application: string): string =>
  `${workloadCollection(offer, organization)}/${application}`

/** Everything of an organization that is no workload: its networks, volumes and secrets. */
export const resourceCollection = (organization: string): string => `/Shared/Private/${organization}`

/**
 * Networks, volumes and secrets of one application, or of all applications of the organization.
 *
 * What all share has a collection of its own, beside the applications': a right on the organization's collection would
 * reach every application's below it. Its capital keeps it apart from every application's name.
 */
export const ownedCollection = (organization: string, application: string | null): string =>
  `${resourceCollection(organization)}/${application ?? 'Shared'}`

/**
 * The collection whose nodes run an offer's workloads of an organization; the one a scheduler grant is for. UCP schedules on
 * everything below it, so an edge grant stands on the organization's own nodes, never beside others'.
 */
export const nodeCollection = (offer: OfferName, organization: string): string =>
  offer === 'run/edge' ? workloadCollection(offer, organization) : offerCollections[offer]

/** Whether `path` is `ancestor` or lies below it. */
export const isWithin = (path: string, ancestor: string): boolean =>
  path === ancestor || path.startsWith(ancestor === '/' ? '/' : `${ancestor}/`)
