import { Fault } from '../core/fault.ts'
import type { Vsphere } from './vsphere.ts'
import { readObject } from './vsphere-properties.ts'
import { runTask } from './vsphere-tasks.ts'
import {
  anyLeaf,
  childrenOf,
  flagAt,
  leaf,
  node,
  numberAt,
  type ObjectReference,
  referenceNode,
  textAt,
  toReference,
  typed,
  type Xml,
} from './vsphere-xml.ts'

/** A DRS rule that keeps VMs on different hosts. */
export interface AntiAffinityRuleSpec {
  readonly name: string
  readonly enabled: boolean
  readonly mandatory: boolean
  readonly machines: readonly ObjectReference[]
}

export interface AntiAffinityRule extends AntiAffinityRuleSpec {
  /** Unique in its cluster, given by vCenter. */
  readonly key: number
}

type Operation = 'add' | 'edit' | 'remove'

const ruleInfo = (spec: AntiAffinityRuleSpec, key?: number): Xml =>
  typed('info', 'ClusterAntiAffinityRuleSpec', [
    leaf('key', key),
    leaf('enabled', spec.enabled),
    leaf('name', spec.name),
    leaf('mandatory', spec.mandatory),
    leaf('userCreated', true),
    ...spec.machines.map((machine) => referenceNode('vm', machine)),
  ])

const reconfigure = async (
  vsphere: Vsphere,
  cluster: ObjectReference,
  change: { operation: Operation; removeKey?: number; info?: Xml; resource: string },
): Promise<void> => {
  const rule = node('rulesSpec', [
    leaf('operation', change.operation),
    change.removeKey === undefined ? undefined : anyLeaf('removeKey', 'int', String(change.removeKey)),
    change.info,
  ])
  await runTask(vsphere, {
    method: 'ReconfigureComputeResource_Task',
    on: cluster,
    parameters: [typed('spec', 'ClusterConfigSpecEx', [rule]), leaf('modify', true)],
    resource: change.resource,
  })
}

/** The anti-affinity rules of a cluster. */
export const readAntiAffinityRules = async (
  vsphere: Vsphere,
  cluster: ObjectReference,
): Promise<readonly AntiAffinityRule[]> => {
  const configuration = (await readObject(vsphere, cluster, ['configurationEx'])).get('configurationEx')
  return childrenOf(configuration, 'rule')
    .filter((rule) => rule.kind === 'ClusterAntiAffinityRuleSpec')
    .map((rule) => ({
      key: numberAt(rule, 'key') ?? 0,
      name: textAt(rule, 'name') ?? '',
      enabled: flagAt(rule, 'enabled') ?? false,
      mandatory: flagAt(rule, 'mandatory') ?? false,
      machines: childrenOf(rule, 'vm').flatMap((machine) => toReference(machine) ?? []),
    }))
}

/** Adds a rule to a cluster and gives it with its key. */
export const addAntiAffinityRule = async (
  vsphere: Vsphere,
  cluster: ObjectReference,
  spec: AntiAffinityRuleSpec,
): Promise<AntiAffinityRule> => {
  await reconfigure(vsphere, cluster, {
    operation: 'add',
    info: ruleInfo(spec),
    resource: `rule ${spec.name}`,
  })
  const rules = await readAntiAffinityRules(vsphere, cluster)
  const added = rules.find((rule) => rule.name === spec.name)
  if (added === undefined)
    throw new Fault('protocol', `vCenter took rule ${spec.name} but does not show it in ${cluster.id}.`)
  return added
}

/** Changes a rule of a cluster. */
export const editAntiAffinityRule = (
  vsphere: Vsphere,
  cluster: ObjectReference,
  { key, ...spec }: AntiAffinityRule,
): Promise<void> =>
  reconfigure(vsphere, cluster, {
    operation: 'edit',
    info: ruleInfo(spec, key),
    resource: `rule ${spec.name}`,
  })

/** Takes a rule out of a cluster; it must be there. */
export const removeAntiAffinityRule = (
  vsphere: Vsphere,
  cluster: ObjectReference,
  { key, name }: Pick<AntiAffinityRule, 'key' | 'name'>,
): Promise<void> =>
  reconfigure(vsphere, cluster, { operation: 'remove', removeKey: key, resource: `rule ${name}` })
