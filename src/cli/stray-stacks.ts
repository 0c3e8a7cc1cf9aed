import { isOnCluster } from '../compile/on-cluster.ts'
import { tenantStack } from '../compile/stack-name.ts'
import type { Fleet } from '../load/fleet.ts'
import { organizationMadeAs } from '../tenant/former-name.ts'
import type { Selection } from './select.ts'

/** A stack that something is applied in though no file asks for it any more. */
export interface StrayStack {
  readonly stack: string
  readonly cluster: string
  /** `platform` of a cluster whose file is gone. */
  readonly organization: string
}

/** Every stack that the files ask for, whatever is selected. */
const desiredStacks = (fleet: Fleet): ReadonlySet<string> =>
  new Set(
    fleet.clusters.flatMap(({ value: cluster }) => [
      `${cluster.cluster}.platform`,
      ...fleet.tenants
        .filter(({ value }) => isOnCluster(value, cluster))
        .map(({ value }) => tenantStack(cluster.cluster, organizationMadeAs(value))),
    ]),
  )

const strayOf = (stack: string): StrayStack => {
  const dot = stack.indexOf('.')
  return { stack, cluster: stack.slice(0, dot), organization: stack.slice(dot + 1) }
}

const isSelected = ({ cluster, organization }: StrayStack, { clusters, organizations }: Selection): boolean =>
  (clusters.length === 0 || clusters.includes(cluster)) &&
  (organizations.length === 0 || organizations.includes(organization))

/** Those of the existing stacks that are not among the desired ones, in the order given. Pure. */
export const straysAmong = (
  existing: readonly string[],
  desired: ReadonlySet<string>,
): readonly StrayStack[] =>
  existing.filter((stack) => stack.includes('.') && !desired.has(stack)).map(strayOf)

/** The selected ones of the existing stacks that no file asks for, in the order given. Never throws. */
export const strayStacks = (
  fleet: Fleet,
  existing: readonly string[],
  selection: Selection,
): readonly StrayStack[] =>
  straysAmong(existing, desiredStacks(fleet)).filter((stray) => isSelected(stray, selection))

/** The command that takes a stray stack away. */
export const wayOut = ({ stack, cluster, organization }: StrayStack): string =>
  organization === 'platform'
    ? `pulumi destroy --stack ${stack}`
    : `tenantry destroy ${organization} --cluster ${cluster}`
