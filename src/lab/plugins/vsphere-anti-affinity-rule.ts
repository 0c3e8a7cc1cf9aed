import type { Vsphere } from '../../clients/vsphere.ts'
import { isVsphereFault } from '../../clients/vsphere-fault.ts'
import { findByInventoryPath, findMachineByUuid } from '../../clients/vsphere-inventory.ts'
import { type Machine, readMachine } from '../../clients/vsphere-machines.ts'
import {
  type AntiAffinityRule,
  type AntiAffinityRuleSpec,
  addAntiAffinityRule,
  editAntiAffinityRule,
  readAntiAffinityRules,
  removeAntiAffinityRule,
} from '../../clients/vsphere-rules.ts'
import type { ObjectReference } from '../../clients/vsphere-xml.ts'
import { Fault } from '../../core/fault.ts'
import { diffInputs } from '../../provider/diff-inputs.ts'
import type { Properties, ResourceType } from '../../provider/plugin.ts'
import {
  checkFields,
  type Fields,
  flag,
  observedInputs,
  requiredText,
  sameTexts,
  texts,
} from './vsphere-fields.ts'
import { foreign, gone } from './vsphere-places.ts'

const fields: Fields = {
  served: {
    computeClusterId: 'string',
    name: 'string',
    enabled: 'boolean',
    mandatory: 'boolean',
    virtualMachineIds: 'strings',
  },
  required: ['computeClusterId', 'name', 'virtualMachineIds'],
}

const usual: Properties = { enabled: true, mandatory: false }

const clusterOf = (id: string): ObjectReference => ({ type: 'ClusterComputeResource', id })

/** The cluster and the key in `<cluster>:<key>`. */
const parseId = (id: string): { cluster: ObjectReference; key: number } => {
  const at = id.lastIndexOf(':')
  return { cluster: clusterOf(id.slice(0, at)), key: Number(id.slice(at + 1)) }
}

const machineOf = async (vsphere: Vsphere, uuid: string): Promise<ObjectReference> => {
  const found = await findMachineByUuid(vsphere, uuid)
  if (found !== undefined) return found
  throw new Fault('not-found', `vCenter at ${vsphere.endpoint} has no VM with the UUID ${uuid}.`, {
    details: { endpoint: vsphere.endpoint, resource: `VM ${uuid}`, hint: 'Refresh, then run again.' },
  })
}

const specOf = async (vsphere: Vsphere, inputs: Properties): Promise<AntiAffinityRuleSpec> => ({
  name: requiredText(inputs, 'name'),
  enabled: flag(inputs, 'enabled') ?? true,
  mandatory: flag(inputs, 'mandatory') ?? false,
  machines: await Promise.all(
    (texts(inputs, 'virtualMachineIds') ?? []).map((uuid) => machineOf(vsphere, uuid)),
  ),
})

const uuidsOf = async (vsphere: Vsphere, rule: AntiAffinityRule, asked: readonly string[]) => {
  const machines = await Promise.all(rule.machines.map((machine) => readMachine(vsphere, machine)))
  const uuids = machines.flatMap((machine) => (machine === undefined ? [] : [machine.uuid]))
  return sameTexts(uuids, asked) ? asked : uuids
}

const outputsOf = async (
  vsphere: Vsphere,
  cluster: ObjectReference,
  rule: AntiAffinityRule,
  inputs: Properties = {},
): Promise<Properties> => ({
  computeClusterId: cluster.id,
  name: rule.name,
  enabled: rule.enabled,
  mandatory: rule.mandatory,
  virtualMachineIds: await uuidsOf(vsphere, rule, texts(inputs, 'virtualMachineIds') ?? []),
})

const rulesOf = async (vsphere: Vsphere, cluster: ObjectReference): Promise<readonly AntiAffinityRule[]> => {
  try {
    return await readAntiAffinityRules(vsphere, cluster)
  } catch (error) {
    if (isVsphereFault(error, 'ManagedObjectNotFound')) return []
    throw error
  }
}

/** Whether a VM says that it is a node of Tenantry's: its mark is set with the clone. */
const isMarked = (machine: Machine | undefined): boolean =>
  machine === undefined ||
  Object.keys(machine.extraConfig).some((key) => key.startsWith('guestinfo.tenantry.'))

/** Whether a rule is over VMs that are asked for, or are marked as ours: what an earlier run made, when more or fewer were asked for. */
const isOurs = async (
  vsphere: Vsphere,
  rule: AntiAffinityRule,
  wanted: readonly ObjectReference[],
): Promise<boolean> => {
  const others = rule.machines.filter(({ id }) => !wanted.some((one) => one.id === id))
  const machines = await Promise.all(others.map((machine) => readMachine(vsphere, machine)))
  return machines.every(isMarked)
}

const ensure = async (
  vsphere: Vsphere,
  cluster: ObjectReference,
  spec: AntiAffinityRuleSpec,
): Promise<AntiAffinityRule> => {
  const present = (await readAntiAffinityRules(vsphere, cluster)).find(({ name }) => name === spec.name)
  if (present === undefined) return addAntiAffinityRule(vsphere, cluster, spec)
  if (await isOurs(vsphere, present, spec.machines)) return present
  throw foreign(vsphere, `rule ${spec.name}`, 'it is about other VMs')
}

const isSame = (present: AntiAffinityRule, spec: AntiAffinityRuleSpec): boolean =>
  present.enabled === spec.enabled &&
  present.mandatory === spec.mandatory &&
  sameTexts(
    present.machines.map(({ id }) => id),
    spec.machines.map(({ id }) => id),
  )

/** What `pulumi import` is given, as the vendor's plugin wants it: the cluster's path and the rule's name. */
const findImported = async (vsphere: Vsphere, text: string): Promise<string | undefined> => {
  const given: unknown = JSON.parse(text)
  if (given === null || typeof given !== 'object') return undefined
  if (!('compute_cluster_path' in given) || !('name' in given)) return undefined
  const cluster = await findByInventoryPath(vsphere, String(given.compute_cluster_path))
  if (cluster === undefined) return undefined
  const rule = (await rulesOf(vsphere, cluster)).find(({ name }) => name === given.name)
  return rule && `${cluster.id}:${rule.key}`
}

/**
 * `vsphere_compute_cluster_vm_anti_affinity_rule`: identified by `<cluster>:<key>`; imported by
 * `{"compute_cluster_path": "/DC0/host/DC0_C0", "name": "apart"}`.
 *
 * Create adopts a rule of the same name over VMs that are asked for or marked as nodes of ours.
 */
export const antiAffinityRule: ResourceType<Vsphere> = {
  check: (inputs) => checkFields(fields, inputs),

  // vCenter tells rules apart by key, the simulator by name: a rule of another name is another rule on both.
  diff(olds, news) {
    const asked = texts(news, 'virtualMachineIds')
    const had = texts(olds.inputs, 'virtualMachineIds')
    // The vendor's property is a set.
    const isSame = asked !== undefined && had !== undefined && sameTexts(asked, had)
    return diffInputs(olds.inputs, news, {
      replaceOn: ['computeClusterId', 'name'],
      deleteBeforeReplace: true,
      ignore: isSame ? ['virtualMachineIds'] : [],
    })
  },

  async create(vsphere, inputs) {
    const cluster = clusterOf(requiredText(inputs, 'computeClusterId'))
    const spec = await specOf(vsphere, inputs)
    const present = await ensure(vsphere, cluster, spec)
    const { key } = present
    if (!isSame(present, spec)) await editAntiAffinityRule(vsphere, cluster, { ...spec, key })
    return {
      id: `${cluster.id}:${key}`,
      outputs: await outputsOf(vsphere, cluster, { ...spec, key }, inputs),
    }
  },

  async read(vsphere, given, inputs) {
    const id = given.startsWith('{') ? await findImported(vsphere, given) : given
    if (id === undefined) return undefined
    const { cluster, key } = parseId(id)
    const rule = (await rulesOf(vsphere, cluster)).find((one) => one.key === key)
    if (rule === undefined) return undefined
    const outputs = await outputsOf(vsphere, cluster, rule, inputs)
    return { id, inputs: inputs ? observedInputs(inputs, outputs, usual) : outputs, outputs }
  },

  async update(vsphere, id, _olds, news) {
    const { cluster, key } = parseId(id)
    const rule = { ...(await specOf(vsphere, news)), key }
    if (!(await rulesOf(vsphere, cluster)).some((one) => one.key === key))
      throw gone(vsphere, `rule ${rule.name}`)
    await editAntiAffinityRule(vsphere, cluster, rule)
    return outputsOf(vsphere, cluster, rule, news)
  },

  async delete(vsphere, id) {
    const { cluster, key } = parseId(id)
    const rule = (await rulesOf(vsphere, cluster)).find((one) => one.key === key)
    if (rule !== undefined) await removeAntiAffinityRule(vsphere, cluster, rule)
  },
}
