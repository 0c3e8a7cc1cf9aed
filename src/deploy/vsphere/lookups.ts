import { type InvokeOptions, type Output, output, runtime } from '@pulumi/pulumi'

/** A place in the inventory: an object's name in a datacenter, both as vCenter shows them. */
export interface Place {
  readonly datacenter: string
  readonly name: string
}

/** What a VM takes over from the template that it is cloned from. */
export interface Template {
  readonly uuid: Output<string>
  readonly guestId: Output<string>
  readonly firmware: Output<string>
  readonly scsiType: Output<string>
}

/** Finds what stands in vCenter and is not ours; each thing is asked for once. */
export interface VsphereLookups {
  readonly datacenterId: (name: string) => Output<string>
  readonly computeClusterId: (place: Place) => Output<string>
  readonly rootResourcePoolId: (place: Place) => Output<string>
  readonly datastoreId: (place: Place) => Output<string>
  readonly networkId: (place: Place) => Output<string>
  readonly distributedSwitchId: (place: Place) => Output<string>
  readonly template: (place: Place) => Template
  readonly tagCategoryId: (name: string) => Output<string>
}

type Values = Readonly<Record<string, unknown>>
type Found = Output<Values>

const text = (found: Found, property: string): Output<string> =>
  found.apply((values) => {
    const value = values[property]
    if (typeof value !== 'string') throw new Error(`vCenter’s answer has no ${property}`)
    return value
  })

const ask = (name: string, inputs: Values, options: InvokeOptions): Found => {
  const answer: Promise<Values> = runtime.invoke(`vsphere:index/${name}:${name}`, inputs, options)
  return output(answer).apply<Values>((found: unknown) => found as Values)
}

const invoker = (options: () => InvokeOptions) => {
  const known = new Map<string, Found>()
  return (name: string, inputs: Values): Found => {
    const key = JSON.stringify([name, inputs])
    const found = known.get(key) ?? ask(name, inputs, options())
    known.set(key, found)
    return found
  }
}

/** `options` is asked for at the first lookup, so that a stack without VMs needs no vCenter. */
export const vsphereLookups = (options: () => InvokeOptions): VsphereLookups => {
  const invoke = invoker(options)
  const datacenterId = (name: string) => text(invoke('getDatacenter', { name }), 'id')
  const placed = new Map<string, Found>()
  const find = (name: string, place: Place): Found => {
    const key = JSON.stringify([name, place])
    const found =
      placed.get(key) ??
      datacenterId(place.datacenter).apply<Values>((id) =>
        invoke(name, { name: place.name, datacenterId: id }),
      )
    placed.set(key, found)
    return found
  }
  const template = (place: Place): Template => {
    const found = find('getVirtualMachine', place)
    return {
      uuid: text(found, 'id'),
      guestId: text(found, 'guestId'),
      firmware: text(found, 'firmware'),
      scsiType: text(found, 'scsiType'),
    }
  }
  return {
    datacenterId,
    computeClusterId: (place) => text(find('getComputeCluster', place), 'id'),
    rootResourcePoolId: (place) => text(find('getComputeCluster', place), 'resourcePoolId'),
    datastoreId: (place) => text(find('getDatastore', place), 'id'),
    networkId: (place) => text(find('getNetwork', place), 'id'),
    distributedSwitchId: (place) => text(find('getDistributedVirtualSwitch', place), 'id'),
    template,
    tagCategoryId: (name) => text(invoke('getTagCategory', { name }), 'id'),
  }
}
