import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  anyLeaf,
  childAt,
  childrenOf,
  envelope,
  escapeText,
  flagAt,
  leaf,
  node,
  numberAt,
  parseXml,
  referenceNode,
  sendBack,
  textAt,
  toReference,
  toReferences,
  typed,
} from '../../src/clients/vsphere-xml.ts'

const isCarried = (text: string): boolean =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0 carries these in no form.
  !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(text) && Buffer.from(text).toString() === text

describe('XML for vCenter', () => {
  it('carries every text there and back', () => {
    const texts = fc.string({ unit: 'grapheme' }).filter(isCarried)
    fc.assert(
      fc.property(texts, texts, (value, type) => {
        const sent = node('a', [leaf('b', value), referenceNode('c', { type: `T${type}`, id: value })])
        const read = parseXml(sent.text)
        expect(textAt(read, 'b')).toBe(value)
        expect(childAt(read, 'c')).toMatchObject({ type: `T${type}`, text: value })
      }),
    )
  })

  it('keeps line ends, tabs and markup in text', () => {
    const value = '<x>\r\n\t"a" & \'b\' ]]> &amp; &#65;'
    expect(textAt(parseXml(node('a', [leaf('b', value)]).text), 'b')).toBe(value)
  })

  it('refuses what XML has no form for', () => {
    expect(() => escapeText('a\u0000b')).toThrow(/control character/)
  })

  it('reads entities by name and number, and no entity of a document’s own', () => {
    const text = '<a>&lt;&#34;&#xA;&#x1F600;&bad;&#9999999;</a>'
    expect(parseXml(text).text).toBe('<"\n😀&bad;&#9999999;')
    const bomb = '<!DOCTYPE a [<!ENTITY x "boom">]><a>&x;</a>'
    expect(() => expect(parseXml(bomb).text).not.toContain('boom')).not.toThrow()
  })

  it('tells the type of a reference from the type of a value, whatever the prefix', () => {
    const text =
      '<val type="Folder" xmlns:q="http://www.w3.org/2001/XMLSchema-instance" q:type="ManagedObjectReference">group-2</val>'
    const read = parseXml(text)
    expect(read.kind).toBe('ManagedObjectReference')
    expect(toReference(read)).toEqual({ type: 'Folder', id: 'group-2' })
  })

  it('reads numbers, flags and lists, and nothing where there is nothing', () => {
    const read = parseXml(
      '<p:a xmlns:p="x"><n>7</n><t>1</t><f>false</f><e/><l><M type="VM">vm-1</M><M type="VM">vm-2</M></l></p:a>',
    )
    expect(read.name).toBe('a')
    expect([numberAt(read, 'n'), numberAt(read, 'e'), numberAt(read, 'x')]).toEqual([7, undefined, undefined])
    expect([flagAt(read, 't'), flagAt(read, 'f'), flagAt(read, 'x')]).toEqual([true, false, undefined])
    expect(toReferences(childAt(read, 'l')).map(({ id }) => id)).toEqual(['vm-1', 'vm-2'])
    expect(childrenOf(undefined, 'x')).toEqual([])
    expect(toReferences(undefined)).toEqual([])
  })

  it('sends back what it read, but for what changed', () => {
    const device = typed('device', 'VirtualDisk', [
      leaf('key', 7),
      typed('backing', 'Flat', [leaf('fileName', '[ds] a&b'), anyLeaf('extra', 'string', 'x')]),
      leaf('capacityInKB', 10),
      leaf('capacityInBytes', 10240),
    ])
    const read = parseXml(envelope(node('x', [device])))
    const found = childAt(read, 'Body.x.device') ?? expect.fail('no device')
    expect(sendBack('device', found).text).toBe(device.text)
    const changed = sendBack('device', found, {
      capacityInKB: leaf('capacityInKB', 20),
      capacityInBytes: undefined,
    })
    expect(changed.text).toContain('<capacityInKB>20</capacityInKB>')
    expect(changed.text).not.toContain('capacityInBytes')
  })

  it('refuses what is no XML', () => {
    for (const text of ['', 'not xml', '{"a": 1}']) expect(() => parseXml(text), text).toThrow(/not XML/)
  })
})
