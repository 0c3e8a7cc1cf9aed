import { Vsphere } from '../../src/clients/vsphere.ts'
import { requireAt } from '../../src/clients/vsphere-inventory.ts'
import type { ObjectContent } from '../../src/clients/vsphere-properties.ts'
import { readAntiAffinityRules } from '../../src/clients/vsphere-rules.ts'
import { attachedTags, readTag, readTagCategory } from '../../src/clients/vsphere-tags.ts'
import { readInventory } from '../../src/clients/vsphere-views.ts'
import type { Lab } from '../../src/lab/lab.ts'

/** What is compared of the inventory, by type of object; the name first. */
const inventory: Readonly<Record<string, readonly string[]>> = {
  VirtualMachine: ['name', 'runtime.powerState', 'config.hardware.numCPU', 'config.hardware.memoryMB'],
  Folder: ['name'],
  ResourcePool: ['name', 'config.cpuAllocation.limit', 'config.memoryAllocation.limit'],
  DistributedVirtualPortgroup: ['name'],
}

const nameOf = ({ properties }: ObjectContent): string => properties.get('name')?.text ?? ''

const sorted = (items: readonly unknown[]): readonly string[] =>
  items.map((one) => JSON.stringify(one)).sort()

const idsAt = async (vsphere: Vsphere, path: string): Promise<readonly string[]> => {
  const ids = await vsphere.rest({ method: 'GET', path: `/rest/com/vmware/cis/tagging/${path}` })
  return Array.isArray(ids) ? ids.filter((id) => typeof id === 'string') : []
}

const readTags = async (vsphere: Vsphere): Promise<ReadonlyMap<string, string>> => {
  const found = new Map<string, string>()
  for (const id of await idsAt(vsphere, 'tag')) {
    const tag = await readTag(vsphere, id)
    if (tag === undefined) continue
    const category = await readTagCategory(vsphere, tag.categoryId)
    found.set(id, `${category?.name ?? '?'}/${tag.name}: ${tag.description}`)
  }
  return found
}

/** A session of the lab's platform account. */
export const openVcenter = ({ vcenter }: Lab): Vsphere =>
  new Vsphere({
    server: vcenter.address,
    user: vcenter.user,
    password: vcenter.password,
    tls: { allowUnverified: true },
  })

/** What stands in vCenter, by names: machines, folders, pools, port groups, rules, tags and what carries them. */
export const readVcenter = async (vsphere: Vsphere): Promise<Readonly<Record<string, readonly string[]>>> => {
  const objects: Record<string, readonly ObjectContent[]> = {}
  for (const [type, paths] of Object.entries(inventory))
    objects[type] = await readInventory(vsphere, { type, paths })
  const machines = objects.VirtualMachine ?? []
  const names = new Map(machines.map((one) => [one.reference.id, nameOf(one)]))
  const tags = await readTags(vsphere)
  const tagged: unknown[] = []
  for (const machine of machines) {
    const ids = await attachedTags(vsphere, machine.reference)
    if (ids.length > 0) tagged.push([nameOf(machine), ids.map((id) => tags.get(id) ?? id).sort()])
  }
  const cluster = await requireAt(vsphere, '/DC0/host/DC0_C0', 'cluster')
  const rules = (await readAntiAffinityRules(vsphere, cluster)).map(({ key: _, ...rule }) => ({
    ...rule,
    machines: rule.machines.map(({ id }) => names.get(id) ?? id).sort(),
  }))
  const seen = Object.entries(objects).map(([type, found]): [string, readonly string[]] => [
    type,
    sorted(found.map(({ properties }) => inventory[type]?.map((path) => properties.get(path)?.text))),
  ])
  return {
    ...Object.fromEntries(seen),
    rules: sorted(rules),
    tags: sorted([...tags.values()]),
    tagged: sorted(tagged),
  }
}
