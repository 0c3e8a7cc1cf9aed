import type { Vsphere } from '../../clients/vsphere.ts'
import { isVsphereFault } from '../../clients/vsphere-fault.ts'
import { destroyObject, renameObject } from '../../clients/vsphere-inventory.ts'
import {
  addPortGroup,
  type PortGroup,
  type PortGroupSpec,
  readPortGroup,
  readPortGroups,
  readSwitch,
  reconfigurePortGroup,
  switchByUuid,
} from '../../clients/vsphere-networks.ts'
import type { ObjectReference } from '../../clients/vsphere-xml.ts'
import { diffInputs } from '../../provider/diff-inputs.ts'
import type { Properties, ResourceType } from '../../provider/plugin.ts'
import { checkFields, type Fields, flag, integer, requiredText, text } from './vsphere-fields.ts'
import { taggedLifecycle } from './vsphere-lifecycle.ts'
import { foreign, gone, observedTags, syncTags } from './vsphere-places.ts'

/** The highest VLAN that a frame can carry (IEEE 802.1Q; 4095 is reserved). */
const highestVlan = 4094

const fields: Fields = {
  served: {
    name: 'string',
    description: 'string',
    distributedVirtualSwitchUuid: 'string',
    vlanId: 'integer',
    numberOfPorts: 'integer',
    autoExpand: 'boolean',
    type: 'string',
    tags: 'strings',
  },
  required: ['name', 'distributedVirtualSwitchUuid'],
  unserved: [
    'activeUplinks',
    'allowForgedTransmits',
    'allowMacChanges',
    'allowPromiscuous',
    'blockAllPorts',
    'blockOverrideAllowed',
    'checkBeacon',
    'customAttributes',
    'directpathGen2Allowed',
    'egressShapingAverageBandwidth',
    'egressShapingBurstSize',
    'egressShapingEnabled',
    'egressShapingPeakBandwidth',
    'failback',
    'ingressShapingAverageBandwidth',
    'ingressShapingBurstSize',
    'ingressShapingEnabled',
    'ingressShapingPeakBandwidth',
    'lacpEnabled',
    'lacpMode',
    'livePortMovingAllowed',
    'netflowEnabled',
    'netflowOverrideAllowed',
    'networkResourcePoolKey',
    'networkResourcePoolOverrideAllowed',
    'notifySwitches',
    'portConfigResetAtDisconnect',
    'portNameFormat',
    'portPrivateSecondaryVlanId',
    'securityPolicyOverrideAllowed',
    'shapingOverrideAllowed',
    'standbyUplinks',
    'teamingPolicy',
    'trafficFilterOverrideAllowed',
    'txUplink',
    'uplinkTeamingOverrideAllowed',
    'vlanOverrideAllowed',
    'vlanRanges',
  ],
}

const nameOf = (properties: Properties): string => `port group ${requiredText(properties, 'name')}`

const usual: Properties = { description: '', vlanId: 0, type: 'earlyBinding', autoExpand: true }

const importable = ['name', 'description', 'distributedVirtualSwitchUuid', 'vlanId', 'type', 'autoExpand']

const byId = (id: string): ObjectReference => ({ type: 'DistributedVirtualPortgroup', id })

const specOf = (inputs: Properties, present?: PortGroup): PortGroupSpec => ({
  name: requiredText(inputs, 'name'),
  description: text(inputs, 'description') ?? '',
  binding: text(inputs, 'type') === 'ephemeral' ? 'ephemeral' : 'earlyBinding',
  autoExpand: flag(inputs, 'autoExpand') ?? true,
  ports: integer(inputs, 'numberOfPorts') ?? present?.ports ?? 0,
  vlanId: integer(inputs, 'vlanId') ?? 0,
})

const outputsOf = (group: PortGroup, switchUuid: string): Properties => ({
  name: group.name,
  description: group.description,
  distributedVirtualSwitchUuid: switchUuid,
  vlanId: group.vlanId,
  numberOfPorts: group.ports,
  autoExpand: group.autoExpand,
  type: group.binding,
  key: group.key,
  configVersion: group.configVersion,
})

const observe = async (
  vsphere: Vsphere,
  reference: ObjectReference,
  inputs?: Properties,
): Promise<Properties | undefined> => {
  const group = await readPortGroup(vsphere, reference)
  const distributedSwitch = group && (await readSwitch(vsphere, group.distributedSwitch))
  if (group === undefined || distributedSwitch === undefined) return undefined
  return {
    ...outputsOf(group, distributedSwitch.uuid),
    ...(await observedTags(vsphere, reference, inputs)),
  }
}

const ensure = async (vsphere: Vsphere, inputs: Properties): Promise<ObjectReference> => {
  const { reference } = await switchByUuid(vsphere, requiredText(inputs, 'distributedVirtualSwitchUuid'))
  const spec = specOf(inputs)
  try {
    return (await addPortGroup(vsphere, reference, spec)).reference
  } catch (error) {
    if (!isVsphereFault(error, 'DuplicateName')) throw error
    const present = (await readPortGroups(vsphere, reference)).find(({ name }) => name === spec.name)
    if (present?.vlanId === spec.vlanId && present.binding === spec.binding) return present.reference
    const because = present === undefined ? 'it is not of this switch' : `its VLAN is ${present.vlanId}`
    throw foreign(vsphere, `port group ${spec.name}`, because)
  }
}

/**
 * `vsphere_distributed_port_group`: identified by managed object id; imported by inventory path.
 *
 * Create adopts a port group of the same name, switch, VLAN and binding.
 */
export const distributedPortGroup: ResourceType<Vsphere> = {
  check(given) {
    const { inputs, failures } = checkFields(fields, given)
    const vlan = integer(inputs, 'vlanId') ?? 0
    if (vlan >= 0 && vlan <= highestVlan) return { inputs, failures }
    const reason = `must be from 0 to ${highestVlan}`
    return { inputs, failures: [...failures, { property: 'vlanId', reason }] }
  },

  diff: (olds, news) =>
    diffInputs(olds.inputs, news, {
      replaceOn: ['distributedVirtualSwitchUuid'],
      deleteBeforeReplace: true,
    }),

  ...taggedLifecycle({ nameOf, byId, ensure, observe, usual, importable }),

  async update(vsphere, id, olds, news) {
    const reference = byId(id)
    await sync(vsphere, reference, news)
    await syncTags(vsphere, { reference, what: nameOf(news) }, news, olds)
    return (await observe(vsphere, reference, news)) ?? {}
  },

  delete: (vsphere, id, outputs) => destroyObject(vsphere, byId(id), nameOf({ name: id, ...outputs })),
}

/** How often a port group is read and written again because somebody else wrote in between. */
const syncAttempts = 4

const sync = async (vsphere: Vsphere, reference: ObjectReference, news: Properties): Promise<void> => {
  for (let attempt = 1; ; attempt++) {
    const present = await readPortGroup(vsphere, reference)
    if (present === undefined) throw gone(vsphere, nameOf(news))
    const spec = specOf(news, present)
    try {
      if (present.name !== spec.name) await renameObject(vsphere, reference, spec.name)
      return await reconfigurePortGroup(vsphere, { ...present, ...spec })
    } catch (error) {
      if (!isVsphereFault(error, 'ConcurrentAccess') || attempt === syncAttempts) throw error
    }
  }
}
