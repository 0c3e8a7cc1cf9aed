import * as asn1 from 'asn1js'
import type { LdapEntry } from './ldap-entries.ts'
import type { LdapFilter } from './ldap-filter.ts'

/** What a client asks, of the kinds that the lab's directory serves. Source: RFC 4511 §4. */
export type LdapRequest =
  | { readonly kind: 'bind'; readonly dn: string; readonly password: string | undefined }
  | { readonly kind: 'unbind' }
  | {
      readonly kind: 'search'
      readonly base: string
      readonly scope: 'base' | 'one' | 'sub'
      readonly sizeLimit: number
      readonly filter: LdapFilter
      /** In lower case; all where empty. */
      readonly attributes: readonly string[]
    }
  /** A kind that is refused; `tag` is its application tag. */
  | { readonly kind: 'other'; readonly tag: number }

export interface LdapMessage {
  readonly id: number
  readonly request: LdapRequest
}

/** Result codes. Source: RFC 4511 §4.1.9. */
export const ldapResults = {
  success: 0,
  protocolError: 2,
  sizeLimitExceeded: 4,
  authMethodNotSupported: 7,
  invalidCredentials: 49,
  insufficientAccessRights: 50,
  unwillingToPerform: 53,
} as const

type Block = asn1.AsnType

const applicationClass = 2
const tags = { bind: 0, bindAnswer: 1, unbind: 2, search: 3, entry: 4, searchDone: 5, extendedAnswer: 24 }

const partsOf = (block: Block | undefined): readonly Block[] =>
  block instanceof asn1.Constructed ? block.valueBlock.value : []

const textOf = (block: Block | undefined): string =>
  block instanceof asn1.OctetString || block instanceof asn1.Primitive
    ? Buffer.from(block.valueBlock.valueHexView).toString('utf8')
    : ''

const numberOf = (block: Block | undefined): number =>
  block instanceof asn1.Integer ? block.valueBlock.valueDec : 0

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** `initial*any*final` as an expression without regard to case. */
const substringPattern = (pieces: readonly Block[]): RegExp => {
  const source = pieces.map((piece) => {
    const text = escaped(textOf(piece))
    return { 0: `^${text}.*`, 2: `.*${text}$` }[piece.idBlock.tagNumber] ?? `.*${text}.*`
  })
  return new RegExp(source.join(''), 'is')
}

const filterOf = (block: Block | undefined): LdapFilter => {
  const parts = partsOf(block)
  const attribute = textOf(parts[0])
  switch (block?.idBlock.tagNumber) {
    case 0:
      return { kind: 'and', parts: parts.map(filterOf) }
    case 1:
      return { kind: 'or', parts: parts.map(filterOf) }
    case 2:
      return { kind: 'not', part: filterOf(parts[0]) }
    case 3:
      return { kind: 'equal', attribute, value: textOf(parts[1]) }
    case 4:
      return { kind: 'substrings', attribute, pattern: substringPattern(partsOf(parts[1])) }
    case 7:
      return { kind: 'present', attribute: textOf(block) }
    default:
      return { kind: 'unknown' }
  }
}

const scopes = ['base', 'one', 'sub'] as const

const requestOf = (operation: Block): LdapRequest => {
  const parts = partsOf(operation)
  const { tagNumber } = operation.idBlock
  if (tagNumber === tags.unbind) return { kind: 'unbind' }
  if (tagNumber === tags.bind) {
    const [, dn, credentials] = parts
    // Tag 0 is a simple bind; SASL is tag 3.
    const password = credentials?.idBlock.tagNumber === 0 ? textOf(credentials) : undefined
    return { kind: 'bind', dn: textOf(dn), password }
  }
  if (tagNumber !== tags.search) return { kind: 'other', tag: tagNumber }
  const [base, scope, , sizeLimit, , , filter, attributes] = parts
  return {
    kind: 'search',
    base: textOf(base),
    scope: scopes[numberOf(scope)] ?? 'sub',
    sizeLimit: numberOf(sizeLimit),
    filter: filterOf(filter),
    attributes: partsOf(attributes).map((one) => textOf(one).toLowerCase()),
  }
}

/** Longest message that is read, in bytes; a client of the lab sends some hundred. */
const longestMessage = 64 * 1024

/**
 * Length of the first message in what has come so far; undefined while that cannot be told.
 * @throws {RangeError} where it is no message or too long.
 */
export const messageLength = (bytes: Buffer): number | undefined => {
  const [tag, first] = bytes
  if (tag !== undefined && tag !== 0x30) throw new RangeError('not an LDAP message')
  if (first === undefined) return undefined
  if (first < 0x80) return 2 + first
  const count = first & 0x7f
  if (count === 0 || count > 4) throw new RangeError('not a length')
  if (bytes.length < 2 + count) return undefined
  const length = 2 + count + bytes.readUIntBE(2, count)
  if (length > longestMessage) throw new RangeError('too long')
  return length
}

/** A whole message. @throws {RangeError} where it is none. */
export const parseMessage = (bytes: Buffer): LdapMessage => {
  const { offset, result } = asn1.fromBER(bytes)
  const [id, operation] = partsOf(result)
  if (offset === -1 || operation?.idBlock.tagClass !== applicationClass)
    throw new RangeError('not an LDAP message')
  return { id: numberOf(id), request: requestOf(operation) }
}

const octets = (text: string): asn1.OctetString =>
  new asn1.OctetString({ valueHex: Uint8Array.from(Buffer.from(text, 'utf8')).buffer })

const message = (id: number, tagNumber: number, value: Block[]): Buffer => {
  const operation = new asn1.Constructed({ idBlock: { tagClass: applicationClass, tagNumber }, value })
  return Buffer.from(new asn1.Sequence({ value: [new asn1.Integer({ value: id }), operation] }).toBER())
}

const answerTags = { bind: tags.bindAnswer, search: tags.searchDone, other: tags.extendedAnswer }

/** The end of a request; `text` is for people. */
export const resultMessage = (
  id: number,
  kind: keyof typeof answerTags,
  { code, text = '' }: { readonly code: number; readonly text?: string },
): Buffer => message(id, answerTags[kind], [new asn1.Enumerated({ value: code }), octets(''), octets(text)])

/** One found entry with the attributes that were asked for. */
export const entryMessage = (id: number, entry: LdapEntry, attributes: readonly string[]): Buffer => {
  const isAsked = (name: string): boolean =>
    attributes.length === 0 || attributes.includes('*') || attributes.includes(name)
  const shown = [...entry.attributes].filter(([name, values]) => isAsked(name) && values.length > 0)
  return message(id, tags.entry, [
    octets(entry.dn),
    new asn1.Sequence({
      value: shown.map(
        ([name, values]) =>
          new asn1.Sequence({ value: [octets(name), new asn1.Set({ value: values.map(octets) })] }),
      ),
    }),
  ])
}
