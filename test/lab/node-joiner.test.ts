import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ObjectContent } from '../../src/clients/vsphere-properties.ts'
import { parseXml } from '../../src/clients/vsphere-xml.ts'
import {
  decideSteps,
  type Membership,
  type Memberships,
  type Step,
  type SwarmMachine,
  toSwarmMachine,
} from '../../src/lab/node-joiner.ts'

const machine = (changes: Partial<SwarmMachine> = {}): SwarmMachine => ({
  id: 'vm-1',
  cluster: 'nonprod',
  hostname: 'node-01',
  cpus: 4,
  memoryBytes: 8 * 1024 ** 3,
  isOn: true,
  ticket: undefined,
  ...changes,
})

/** Takes every step, as the joiner does where nothing fails. */
const after = (known: Memberships, steps: readonly Step[]): Memberships => {
  const result = new Map<string, Membership>(known)
  for (const {
    machine: { id },
    next,
  } of steps) {
    if (next === undefined) result.delete(id)
    else result.set(id, next)
  }
  return result
}

const actionsOf = (steps: readonly Step[]): string[] =>
  steps.filter(({ action }) => action !== 'none').map((step) => `${step.action} ${step.machine.hostname}`)

/** The actions of a sequence of looks, each with what is seen at that millisecond. */
const play = (looks: readonly (readonly [number, readonly SwarmMachine[]])[]): string[][] => {
  let known: Memberships = new Map()
  return looks.map(([now, seen]) => {
    const steps = decideSteps(known, seen, { now, joinDelayMilliseconds: 300 })
    known = after(known, steps)
    return actionsOf(steps)
  })
}

describe('the node joiner', () => {
  it('lets a VM that is on join after the delay, once', () => {
    const on = [machine()]
    expect(
      play([
        [0, on],
        [299, on],
        [300, on],
        [600, on],
      ]),
    ).toEqual([[], [], ['join node-01'], []])
  })

  it('lets a VM that was off too soon boot anew', () => {
    const off = [machine({ isOn: false })]
    const on = [machine()]
    expect(
      play([
        [0, on],
        [100, off],
        [200, on],
        [400, on],
        [500, on],
      ]),
    ).toEqual([[], [], [], [], ['join node-01']])
  })

  it('marks a VM that is off down and brings it back', () => {
    const off = [machine({ isOn: false })]
    const on = [machine()]
    expect(
      play([
        [0, on],
        [300, on],
        [400, off],
        [500, off],
        [600, on],
        [900, on],
      ]),
    ).toEqual([[], ['join node-01'], ['down node-01'], [], [], ['return node-01']])
  })

  it('brings back a VM that has other hardware, off or not in between', () => {
    const larger = [machine({ cpus: 8 })]
    expect(
      play([
        [0, [machine()]],
        [300, [machine()]],
        [400, larger],
        [500, larger],
      ]),
    ).toEqual([[], ['join node-01'], ['return node-01'], []])
  })

  it('removes the node of a VM that is gone, on or off', () => {
    const on = [machine()]
    expect(
      play([
        [0, on],
        [300, on],
        [400, []],
        [500, []],
      ]),
    ).toEqual([[], ['join node-01'], ['remove node-01'], []])
    expect(
      play([
        [0, on],
        [300, on],
        [400, [machine({ isOn: false })]],
        [500, []],
      ])[3],
    ).toEqual(['remove node-01'])
  })

  it('forgets a VM that never joined without a word', () => {
    expect(
      play([
        [0, [machine()]],
        [100, []],
      ]),
    ).toEqual([[], []])
  })

  it('removes the old node before another VM of that name joins', () => {
    const replaced = [machine({ id: 'vm-2' })]
    expect(
      play([
        [0, [machine()]],
        [300, [machine()]],
        [400, replaced],
        [700, replaced],
      ]),
    ).toEqual([[], ['join node-01'], ['remove node-01'], ['join node-01']])
  })

  it('treats another host name as another node', () => {
    const renamed = [machine({ hostname: 'node-02' })]
    expect(
      play([
        [0, [machine()]],
        [300, [machine()]],
        [400, renamed],
        [700, renamed],
      ]),
    ).toEqual([[], ['join node-01'], ['remove node-01'], ['join node-02']])
  })

  it('ends with the members that are on, whatever came before', () => {
    const look = fc.uniqueArray(fc.record({ number: fc.integer({ min: 1, max: 5 }), isOn: fc.boolean() }), {
      selector: ({ number }) => number,
    })
    fc.assert(
      fc.property(fc.array(look, { maxLength: 12 }), look, (looks, last) => {
        const toMachines = (seen: typeof last) =>
          seen.map(({ number, isOn }) => machine({ id: `vm-${number}`, hostname: `node-${number}`, isOn }))
        const members = new Map<string, boolean>()
        const all = [...looks, last, last].map((seen) => toMachines(seen))
        for (const actions of play(all.map((seen, index) => [index * 1000, seen] as const)))
          for (const action of actions) {
            const [word, hostname = ''] = action.split(' ')
            if (word === 'remove') expect(members.delete(hostname)).toBe(true)
            else members.set(hostname, word !== 'down')
          }
        const isUp = [...members].filter(([, up]) => up).map(([hostname]) => hostname)
        const expected = last.filter(({ isOn }) => isOn).map(({ number }) => `node-${number}`)
        expect(isUp.toSorted()).toEqual(expected.toSorted())
      }),
    )
  })
})

describe('a VM as it is read', () => {
  const content = (extra: string, template = 'false'): ObjectContent => ({
    reference: { type: 'VirtualMachine', id: 'vm-7' },
    properties: new Map([
      ['runtime.powerState', parseXml('<val>poweredOn</val>')],
      ['config.template', parseXml(`<val>${template}</val>`)],
      ['config.hardware.numCPU', parseXml('<val>8</val>')],
      ['config.hardware.memoryMB', parseXml('<val>1024</val>')],
      ['config.extraConfig', parseXml(`<val>${extra}</val>`)],
    ]),
  })
  const option = (key: string, value: string) =>
    `<OptionValue><key>${key}</key><value>${value}</value></OptionValue>`
  const both = option('guestinfo.tenantry.cluster', 'prod') + option('guestinfo.hostname', 'prod-std-01')

  it('says which swarm it belongs to', () => {
    const ticket = option('guestinfo.tenantry.ticket', 'hvs.once')
    expect(toSwarmMachine(content(both + ticket))).toEqual([
      {
        id: 'vm-7',
        cluster: 'prod',
        hostname: 'prod-std-01',
        cpus: 8,
        memoryBytes: 1024 ** 3,
        isOn: true,
        ticket: 'hvs.once',
      },
    ])
  })

  it('belongs to none where it is a template or does not say both', () => {
    expect(toSwarmMachine(content(both, 'true'))).toEqual([])
    expect(toSwarmMachine(content(option('guestinfo.hostname', 'x')))).toEqual([])
    expect(toSwarmMachine(content(''))).toEqual([])
  })
})
