import { describe, expect, it } from 'vitest'
import { faultFrom, isVsphereFault } from '../../src/clients/vsphere-fault.ts'
import { parseXml } from '../../src/clients/vsphere-xml.ts'

const context = { what: 'vCenter refused X', message: 'said so', details: { endpoint: 'https://v' } }
const xsi = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'

describe('a fault of vCenter', () => {
  it.each([
    ['NotAuthenticated', 'unauthenticated'],
    ['NoPermission', 'forbidden'],
    ['ManagedObjectNotFound', 'not-found'],
    ['DuplicateName', 'conflict'],
    ['ResourceInUse', 'conflict'],
    ['ConcurrentAccess', 'out-of-sequence'],
    ['InvalidName', 'invalid-request'],
    ['SystemError', 'unavailable'],
    ['HostNotConnected', 'unavailable'],
    ['SomethingNew', 'invalid-request'],
  ])('%s is %s', (vimFault, code) => {
    const fault = faultFrom(parseXml(`<${vimFault}Fault ${xsi} xsi:type="${vimFault}"/>`), context)
    expect(fault).toMatchObject({ code, vimFault, details: { endpoint: 'https://v' } })
    expect(isVsphereFault(fault, vimFault)).toBe(true)
    // Whoever reads it is told what to do, whatever it is.
    expect(fault.details.hint).toMatch(/\.$/)
  })

  it('says which name and which object it is about', () => {
    const text = `<f ${xsi} xsi:type="DuplicateName"><name>acme</name><object type="Folder">group-7</object></f>`
    const fault = faultFrom(parseXml(text), context)
    expect(fault.message).toBe('vCenter refused X: DuplicateName (name acme): said so')
    expect(fault.object).toEqual({ type: 'Folder', id: 'group-7' })
  })

  it('goes by the element’s name where there is no type, and by RuntimeFault where there is nothing', () => {
    expect(faultFrom(parseXml('<InvalidLoginFault/>'), context).vimFault).toBe('InvalidLogin')
    expect(faultFrom(undefined, context).vimFault).toBe('RuntimeFault')
  })

  it('may be retried only where another has the thing just now', () => {
    const retryable = (name: string) =>
      faultFrom(parseXml(`<f ${xsi} xsi:type="${name}"/>`), context).retryable
    expect([retryable('TaskInProgress'), retryable('DuplicateName')]).toEqual([true, false])
  })
})
