import { describe, expect, test } from 'vitest'
import type { SoapCall, Vsphere } from '../../src/clients/vsphere.ts'
import { eventsOf } from '../../src/clients/vsphere-events.ts'
import { parseXml } from '../../src/clients/vsphere-xml.ts'
import { Fault } from '../../src/core/fault.ts'
import { lastAuthor } from '../../src/survey/authors.ts'

const event = (at: string, user: string, message: string): string =>
  `<returnval xsi:type="VmReconfiguredEvent"><key>1</key><createdTime>${at}</createdTime><userName>${user}</userName><fullFormattedMessage>${message}</fullFormattedMessage></returnval>`

const machine = { type: 'VirtualMachine', id: 'vm-42' }

/** A vCenter that answers a question for events as it is told. */
const vcenter = (answer: () => string, calls: SoapCall[] = []): Vsphere => {
  const call = async (asked: SoapCall) => {
    calls.push(asked)
    return parseXml(`<QueryEventsResponse>${answer()}</QueryEventsResponse>`)
  }
  return { call } as unknown as Vsphere
}

const told = () =>
  [
    event('2026-11-22T09:00:00Z', 'BANK\\jdoe', 'Reconfigured edge-1'),
    event('2026-11-22T11:00:00Z', 'svc-tenantry@bank.example', 'Reconfigured edge-1'),
    event('2026-11-22T10:00:00Z', 'BANK\\mallory', 'Reconfigured edge-1 &amp; more'),
    event('2026-11-22T12:00:00Z', '', 'edge-1 is powered on'),
  ].join('')

describe('eventsOf', () => {
  test('asks for those of the object, and tells who and when, the newest first', async () => {
    const calls: SoapCall[] = []
    const events = await eventsOf(vcenter(told, calls), machine)
    expect(events.map(({ at, user }) => `${at} ${user}`)).toEqual([
      '2026-11-22T11:00:00Z svc-tenantry@bank.example',
      '2026-11-22T10:00:00Z BANK\\mallory',
      '2026-11-22T09:00:00Z BANK\\jdoe',
    ])
    expect(events[1]?.message).toBe('Reconfigured edge-1 & more')
    expect(calls.map(({ method, readOnly }) => [method, readOnly])).toEqual([['QueryEvents', true]])
    expect(calls[0]?.parameters?.[0]?.text).toBe(
      '<filter><entity><entity type="VirtualMachine">vm-42</entity><recursion>self</recursion></entity></filter>',
    )
  })

  test('tells of none where the vCenter knows no events, or not the object', async () => {
    const without = vcenter(() => {
      throw new Fault('invalid-request', 'QueryEvents: MethodNotFound')
    })
    expect(await eventsOf(without, machine)).toEqual([])
    const broken = vcenter(() => {
      throw new Fault('unavailable', 'vCenter is down')
    })
    await expect(eventsOf(broken, machine)).rejects.toThrow('vCenter is down')
  })
})

describe('lastAuthor', () => {
  test.each(['svc-tenantry@bank.example', 'BANK\\svc-tenantry', 'SVC-Tenantry'])(
    'is the last one besides ourselves, however vCenter spells us: %s',
    async (own) => {
      expect(await lastAuthor(vcenter(told), machine, own)).toEqual({
        user: 'BANK\\mallory',
        at: '2026-11-22T10:00:00Z',
      })
    },
  )

  test('is nobody where only we changed it', async () => {
    const ours = vcenter(() => event('2026-11-22T11:00:00Z', 'svc-tenantry', 'Reconfigured edge-1'))
    expect(await lastAuthor(ours, machine, 'svc-tenantry')).toBeUndefined()
  })
})
