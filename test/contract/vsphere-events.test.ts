import { describe, expect, it } from 'vitest'
import { eventsOf } from '../../src/clients/vsphere-events.ts'
import { childrenOfFolder, findByInventoryPath, requireAt } from '../../src/clients/vsphere-inventory.ts'
import { runTask } from '../../src/clients/vsphere-tasks.ts'
import { leaf, node } from '../../src/clients/vsphere-xml.ts'
import { startInMemoryVcenter } from '../../src/lab/vcenter/in-memory.ts'
import type { LabVcenter } from '../../src/lab/vcenter/lab-vcenter.ts'
import { clientOf, vcenters } from './vcenters.ts'

const real = vcenters.filter(([name]) => name === 'vcsim')

/** Changes something of a machine by hand, as somebody in the vSphere Client does. */
const annotate = async (vcenter: LabVcenter) => {
  const vsphere = clientOf(vcenter)
  try {
    const folder = await requireAt(vsphere, '/DC0/vm', 'folder')
    const machine = (await childrenOfFolder(vsphere, folder)).find(
      ({ reference }) => reference.type === 'VirtualMachine',
    )
    if (machine === undefined) throw new Error('no machine')
    const before = await eventsOf(vsphere, machine.reference)
    await runTask(vsphere, {
      method: 'ReconfigVM_Task',
      on: machine.reference,
      parameters: [node('spec', [leaf('annotation', 'changed by hand')])],
      resource: machine.name,
    })
    return { before, after: await eventsOf(vsphere, machine.reference) }
  } finally {
    await vsphere.close()
  }
}

describe.each(real)('the events of a machine in %s', (_, start) => {
  it('tell who changed it and when, the newest first', async () => {
    const vcenter = await start()
    try {
      const { before, after } = await annotate(vcenter)
      expect(after.length).toBeGreaterThan(before.length)
      const [last] = after
      expect(last?.user).toBe(vcenter.user)
      expect(Number.isNaN(Date.parse(last?.at ?? ''))).toBe(false)
      expect(after.map(({ at }) => at)).toEqual([...after.map(({ at }) => at)].sort().reverse())
    } finally {
      await vcenter.stop()
    }
  })
})

describe('a vCenter that knows no events', () => {
  it('tells of none', async () => {
    const vcenter = await startInMemoryVcenter()
    const vsphere = clientOf(vcenter)
    try {
      const datacenter = await findByInventoryPath(vsphere, '/DC0')
      if (datacenter === undefined) throw new Error('no datacenter')
      expect(await eventsOf(vsphere, datacenter)).toEqual([])
    } finally {
      await vsphere.close()
      await vcenter.stop()
    }
  })
})
