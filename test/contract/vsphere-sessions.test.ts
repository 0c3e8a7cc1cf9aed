import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Vsphere } from '../../src/clients/vsphere.ts'
import {
  createFolder,
  destroyObject,
  findByInventoryPath,
  requireAt,
} from '../../src/clients/vsphere-inventory.ts'
import { findTagCategory } from '../../src/clients/vsphere-tags.ts'
import { runTask } from '../../src/clients/vsphere-tasks.ts'
import { readInventory } from '../../src/clients/vsphere-views.ts'
import { leaf, type ObjectReference } from '../../src/clients/vsphere-xml.ts'
import { behindFaultProxy } from '../../src/lab/lab-vcenter.ts'
import { NodeJoiner } from '../../src/lab/node-joiner.ts'
import { type InMemoryVcenter, startInMemoryVcenter } from '../../src/lab/vcenter/in-memory.ts'
import { startVcsim } from '../../src/lab/vcenter/vcsim.ts'
import type { Properties } from '../../src/provider/plugin.ts'
import { clientOf } from './vcenters.ts'
import { context, setStage, typeOf } from './vsphere-scenarios.ts'

describe('a vCenter that does not behave', () => {
  let vcenter: InMemoryVcenter
  let vsphere: Vsphere

  beforeAll(async () => {
    vcenter = await startInMemoryVcenter()
    vsphere = clientOf(vcenter)
  })
  afterAll(async () => {
    await vsphere.close()
    await vcenter.stop()
  })

  it('is logged in to again, once, when it forgets the sessions', async () => {
    await findByInventoryPath(vsphere, '/DC0')
    await findTagCategory(vsphere, 'x')
    vcenter.expireSessions()
    const answers = await Promise.all([
      findByInventoryPath(vsphere, '/DC0/vm'),
      findByInventoryPath(vsphere, '/DC0/host'),
      findTagCategory(vsphere, 'x'),
    ])
    expect(answers.map((answer) => answer !== undefined)).toEqual([true, true, false])
  })

  it('is waited for while it still clones what an interrupted run asked for', async () => {
    const scenario = (await setStage(vsphere)).find(({ type }) => type === 'virtualMachine')
    const inputs = scenario?.inputs ?? expect.fail('no VM')
    const release = vcenter.holdClones()
    const interrupted = { ...context, signal: AbortSignal.abort() }
    await expect(typeOf('virtualMachine').create(vsphere, inputs, interrupted)).rejects.toMatchObject({
      code: 'cancelled',
      message: expect.stringContaining('VM some-vm'),
    })
    let looks = 0
    const patient = new Vsphere({
      server: vcenter.address,
      user: vcenter.user,
      password: vcenter.password,
      tls: { ca: vcenter.caCertificate },
      sleep: async () => {
        looks += 1
        if (looks === 3) release()
      },
    })
    const { id, outputs } = await typeOf('virtualMachine').create(patient, inputs, context)
    expect(looks).toBeGreaterThanOrEqual(3)
    expect(outputs).toMatchObject({ name: 'some-vm', powerState: 'on', numCpus: 4 })
    const all = await readInventory(vsphere, { type: 'VirtualMachine', paths: ['name'] })
    const named = all.filter(({ properties }) => properties.get('name')?.text === 'some-vm')
    expect(named).toHaveLength(1)
    await typeOf('virtualMachine').delete(vsphere, id, outputs, context)
    await patient.close()
  })

  it('is not waited for without end where a clone never ends', async () => {
    const scenario = (await setStage(vsphere)).find(({ type }) => type === 'virtualMachine')
    const inputs = scenario?.inputs ?? expect.fail('no VM')
    const release = vcenter.holdClones()
    let now = 0
    const hurried = new Vsphere({
      server: vcenter.address,
      user: vcenter.user,
      password: vcenter.password,
      tls: { ca: vcenter.caCertificate },
      now: () => now,
      sleep: async () => {
        now += 60_000
      },
    })
    const short = { ...inputs, clone: { ...(inputs.clone as Properties), timeout: 5 } }
    for (const _ of [1, 2]) {
      const error = await typeOf('virtualMachine')
        .create(hurried, short, context)
        .catch((reason: unknown) => reason)
      expect(error).toMatchObject({
        code: 'timeout',
        message: expect.stringContaining('VM some-vm'),
        details: { hint: expect.stringContaining('task'), endpoint: hurried.endpoint },
      })
    }
    release()
    const { id, outputs } = await typeOf('virtualMachine').create(vsphere, inputs, context)
    await typeOf('virtualMachine').delete(vsphere, id, outputs, context)
    await hurried.close()
  })

  it('tells no password, though it repeats it', async () => {
    const front = await behindFaultProxy({ ...vcenter, stop: async () => undefined })
    const password = front.password.reveal()
    const soap = `<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body><Fault><faultcode>x</faultcode><faultstring>bad log-in with ${password}</faultstring></Fault></Body></Envelope>`
    const echoes = [
      { status: 400, body: `no log-in with ${password}` },
      { status: 500, body: soap },
    ]
    for (const echo of echoes) {
      const client = clientOf(front)
      const faults = front.proxy?.faults ?? expect.fail('no proxy')
      let tries = 0
      faults.next = ({ operation }) => {
        if (operation !== 'Login') return undefined
        tries += 1
        return { kind: 'status', ...echo }
      }
      const error = await findByInventoryPath(client, '/DC0').catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(Error)
      expect(String(error)).toContain('log-in with [secret]')
      expect(JSON.stringify(error)).not.toContain(password)
      // Asked once: an account is locked after a few.
      expect(tries).toBe(1)
      await client.close()
    }
    await front.stop()
  })

  it('is read page by page', async () => {
    const vmFolder = await requireAt(vsphere, '/DC0/vm', 'folder')
    const names = Array.from({ length: 230 }, (_, index) => `page-${index}`)
    const folders: ObjectReference[] = []
    for (const name of names) folders.push(await createFolder(vsphere, vmFolder, name))
    const all = await readInventory(vsphere, { type: 'Folder', paths: ['name'] })
    const read = new Set(all.map(({ properties }) => properties.get('name')?.text))
    expect(names.filter((name) => !read.has(name))).toEqual([])
    for (const folder of folders) await destroyObject(vsphere, folder)
  })

  it('is not waited for without end', async () => {
    let now = 0
    const impatient = new Vsphere({
      server: vcenter.address,
      user: vcenter.user,
      password: vcenter.password,
      tls: { ca: vcenter.caCertificate },
      now: () => now,
      sleep: async (milliseconds) => {
        now += milliseconds
      },
    })
    const folder = await createFolder(impatient, await requireAt(impatient, '/DC0/vm', 'folder'), 'slow')
    const unending = Object.create(impatient) as Vsphere
    Object.defineProperties(unending, {
      endpoint: { value: impatient.endpoint },
      now: { value: () => now },
      sleep: { value: (milliseconds: number) => impatient.sleep(milliseconds) },
      content: { value: () => impatient.content() },
      call: {
        value: async (call: Parameters<Vsphere['call']>[0]) => {
          const answer = await impatient.call(call)
          return JSON.parse(JSON.stringify(answer).replaceAll('"success"', '"running"'))
        },
      },
    })
    const rename = { method: 'Rename_Task', on: folder, parameters: [leaf('newName', 'slower')] }
    await expect(runTask(unending, rename, { timeoutMilliseconds: 5_000 })).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringContaining('5 s'),
    })
    expect(now).toBeLessThanOrEqual(5_000)
    await expect(runTask(unending, rename, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'cancelled',
    })
    await destroyObject(impatient, folder)
    await impatient.close()
  })

  it('does not stop the joiner: it says so once and looks again', async () => {
    const told: string[] = []
    let looks = 0
    const gone = await startInMemoryVcenter()
    const client = new Vsphere({
      server: gone.address,
      user: gone.user,
      password: gone.password,
      tls: { ca: gone.caCertificate },
      retries: { attempts: 1, baseMilliseconds: 1, totalMilliseconds: 1 },
    })
    await client.content()
    await gone.stop()
    await new Promise<void>((resolve) => {
      const joiner = new NodeJoiner({
        vsphere: client,
        swarms: {},
        report: (line) => told.push(line),
        sleep: async () => {
          looks += 1
          if (looks === 3) void joiner.stop().then(resolve)
        },
      })
      joiner.start()
    })
    expect(looks).toBeGreaterThanOrEqual(3)
    expect(told).toEqual([expect.stringContaining(gone.address)])
    await client.close()
  })

  it('is a fault where its program is missing or ends at once', async () => {
    await expect(startVcsim('/nowhere/vcsim')).rejects.toMatchObject({ code: 'unavailable' })
    await expect(startVcsim('/bin/false')).rejects.toMatchObject({ code: 'unavailable' })
  })
})
