import { describe, expect, it } from 'vitest'
import {
  entryMessage,
  ldapResults,
  messageLength,
  parseMessage,
  resultMessage,
} from '../../../src/lab/ldap/ldap-messages.ts'

/** Tag, length, value, as X.690 has it; written apart from the library that the server uses. */
const tlv = (tag: number, ...parts: readonly (Buffer | string | number)[]): Buffer => {
  const body = Buffer.concat(
    parts.map((part) => (typeof part === 'number' ? Buffer.from([part]) : Buffer.from(part))),
  )
  return Buffer.concat([Buffer.from([tag, body.length]), body])
}
const integer = (value: number): Buffer => tlv(0x02, value)
const enumerated = (value: number): Buffer => tlv(0x0a, value)
const octets = (text: string): Buffer => tlv(0x04, text)
const message = (id: number, operation: Buffer): Buffer => tlv(0x30, integer(id), operation)

const bind = message(1, tlv(0x60, integer(3), octets('cn=a'), tlv(0x80, 'pass')))

const search = (filter: Buffer, scope = 2): Buffer =>
  message(
    7,
    tlv(
      0x63,
      ...[octets('dc=x'), enumerated(scope), enumerated(0), integer(2), integer(0), tlv(0x01, 0)],
      ...[filter, tlv(0x30, octets('CN'), octets('mail'))],
    ),
  )

describe('LDAP messages', () => {
  it('are cut out of a stream by their length', () => {
    for (let length = 0; length < 2; length++) expect(messageLength(bind.subarray(0, length))).toBeUndefined()
    expect(messageLength(bind)).toBe(bind.length)
    expect(messageLength(Buffer.concat([bind, bind]))).toBe(bind.length)
    expect(messageLength(Buffer.from([0x30, 0x82, 1]))).toBeUndefined()
    expect(messageLength(Buffer.from([0x30, 0x82, 1, 0]))).toBe(260)
  })

  it.each([
    ['another tag', [0x47, 0x45]],
    ['no definite length', [0x30, 0x80]],
    ['a length of five bytes', [0x30, 0x85, 0, 0, 0, 0, 1]],
    ['more than is read', [0x30, 0x84, 0x7f, 0xff, 0xff, 0xff]],
  ])('are refused with %s', (_, bytes) => {
    expect(() => messageLength(Buffer.from(bytes))).toThrow(RangeError)
  })

  it('are refused where they hold something else', () => {
    expect(() => parseMessage(tlv(0x30, integer(1)))).toThrow(RangeError)
    expect(() => parseMessage(tlv(0x30, integer(1), octets('x')))).toThrow(RangeError)
    expect(() => parseMessage(Buffer.from([0x30, 5, 2, 1]))).toThrow(RangeError)
  })

  it('bind by a simple password only', () => {
    expect(parseMessage(bind)).toEqual({ id: 1, request: { kind: 'bind', dn: 'cn=a', password: 'pass' } })
    const sasl = message(2, tlv(0x60, integer(3), octets('cn=a'), tlv(0xa3, octets('EXTERNAL'))))
    expect(parseMessage(sasl)).toEqual({ id: 2, request: { kind: 'bind', dn: 'cn=a', password: undefined } })
  })

  it('search with a filter', () => {
    const substrings = tlv(0xa4, octets('cn'), tlv(0x30, tlv(0x80, 'a'), tlv(0x81, '.'), tlv(0x82, 'z')))
    const filter = tlv(
      0xa0,
      tlv(0xa1, tlv(0xa3, octets('member'), octets('cn=b')), substrings),
      tlv(0xa2, tlv(0x87, 'mail')),
      tlv(0xa9, tlv(0x83, 'x')),
    )
    expect(parseMessage(search(filter, 1))).toEqual({
      id: 7,
      request: {
        kind: 'search',
        base: 'dc=x',
        scope: 'one',
        sizeLimit: 2,
        attributes: ['cn', 'mail'],
        filter: {
          kind: 'and',
          parts: [
            {
              kind: 'or',
              parts: [
                { kind: 'equal', attribute: 'member', value: 'cn=b' },
                { kind: 'substrings', attribute: 'cn', pattern: /^a.*.*\..*.*z$/is },
              ],
            },
            { kind: 'not', part: { kind: 'present', attribute: 'mail' } },
            { kind: 'unknown' },
          ],
        },
      },
    })
  })

  it('end a session, and are told apart from what is not served', () => {
    expect(parseMessage(message(3, Buffer.from([0x42, 0])))).toEqual({ id: 3, request: { kind: 'unbind' } })
    const startTls = message(4, tlv(0x77, tlv(0x80, '1.3.6.1.4.1.1466.20037')))
    expect(parseMessage(startTls)).toEqual({ id: 4, request: { kind: 'other', tag: 23 } })
  })

  it('answer with a result and with the attributes that were asked for', () => {
    expect(resultMessage(1, 'bind', { code: ldapResults.invalidCredentials })).toEqual(
      message(1, tlv(0x61, enumerated(49), octets(''), octets(''))),
    )
    const attributes = new Map([
      ['cn', ['a', 'b']],
      ['mail', ['x']],
      ['none', []],
    ])
    const cn = tlv(0x30, octets('cn'), tlv(0x31, octets('a'), octets('b')))
    const mail = tlv(0x30, octets('mail'), tlv(0x31, octets('x')))
    const entry = { dn: 'cn=a', attributes }
    const answer = (...shown: Buffer[]): Buffer => message(2, tlv(0x64, octets('cn=a'), tlv(0x30, ...shown)))
    expect(entryMessage(2, entry, ['cn'])).toEqual(answer(cn))
    expect(entryMessage(2, entry, [])).toEqual(answer(cn, mail))
    expect(entryMessage(2, entry, ['1.1'])).toEqual(answer())
  })
})
