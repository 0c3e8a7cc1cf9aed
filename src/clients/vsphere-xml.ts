import { XMLParser } from 'fast-xml-parser'
import { Fault } from '../core/fault.ts'
import { xmlEntities } from '../core/xml-text.ts'

/** A managed object of a vCenter, e.g. `VirtualMachine` `vm-42`. */
export interface ObjectReference {
  readonly type: string
  readonly id: string
}

/** XML that is already escaped; only the functions here make it, so that no text gets in raw. */
export class Xml {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** An element of an answer. Names are local, without their prefix; `kind` is `xsi:type` without its prefix. */
export interface XmlElement {
  readonly name: string
  readonly kind?: string
  /** The plain attribute `type`, which carries the type of a managed object reference. */
  readonly type?: string
  readonly text: string
  readonly children: readonly XmlElement[]
}

const escapes: Readonly<Record<string, string>> = {
  ...xmlEntities,
  // A parser turns these into spaces or line feeds where they stand raw (XML 1.0 §2.11, §3.3.3).
  '\r': '&#13;',
  '\n': '&#10;',
  '\t': '&#9;',
}
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML 1.0 §2.2 forbids, in any form.
const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/
const names: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

/** Text as XML may carry it. `@throws {Fault} invalid-request` for characters that XML 1.0 has no form for. */
export const escapeText = (text: string): string => {
  if (forbidden.test(text))
    throw new Fault(
      'invalid-request',
      'A text for vCenter holds a control character, which XML cannot carry.',
    )
  return text.replace(/[&<>"'\r\n\t]/g, (character) => escapes[character] ?? character)
}

const unescapeText = (text: string): string =>
  text.replace(
    /&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi,
    (whole, hex?: string, decimal?: string, name?: string) => {
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
      if (name !== undefined) return names[name] ?? whole
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole
    },
  )

type Attributes = Readonly<Record<string, string | undefined>>

const attributesText = (attributes: Attributes): string =>
  Object.entries(attributes)
    .filter((entry): entry is [string, string] => entry[1] !== undefined)
    .map(([name, value]) => ` ${name}="${escapeText(value)}"`)
    .join('')

const wrap = (name: string, attributes: Attributes, escaped: string): Xml =>
  new Xml(`<${name}${attributesText(attributes)}>${escaped}</${name}>`)

/** An element with elements in it; undefined ones are left out. */
export const node = (
  name: string,
  children: readonly (Xml | undefined)[],
  attributes: Attributes = {},
): Xml => wrap(name, attributes, children.map((child) => child?.text ?? '').join(''))

/** An element with an `xsi:type`: an object of a subtype, or a value where any type may stand. */
export const typed = (name: string, kind: string, children: readonly (Xml | undefined)[]): Xml =>
  node(name, children, { 'xsi:type': kind })

/** Text inside an element. */
export const textNode = (value: string): Xml => new Xml(escapeText(value))

/** An element with a value in it; none for undefined. */
export const leaf = (name: string, value: string | number | boolean | undefined): Xml | undefined =>
  value === undefined ? undefined : wrap(name, {}, escapeText(String(value)))

/** An element with a value that says its own XML Schema type. */
export const anyLeaf = (name: string, kind: 'string' | 'int' | 'long' | 'boolean', value: string): Xml =>
  wrap(name, { 'xsi:type': `xsd:${kind}` }, escapeText(value))

/** An element that names a managed object; none for undefined. */
export const referenceNode = (name: string, reference: ObjectReference | undefined): Xml | undefined =>
  reference === undefined ? undefined : wrap(name, { type: reference.type }, escapeText(reference.id))

const namespaces =
  'xmlns="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'

/** A SOAP 1.1 message around a body. */
export const envelope = (body: Xml): string =>
  `<?xml version="1.0" encoding="UTF-8"?><Envelope ${namespaces}><Body>${body.text}</Body></Envelope>`

// Entities are decoded here, not by the parser: no document may define its own.
const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  processEntities: false,
  ignoreDeclaration: true,
})

const local = (name: string): string => name.slice(name.indexOf(':') + 1)

const attribute = (raw: unknown, matches: (name: string) => boolean): string | undefined => {
  if (raw === null || typeof raw !== 'object') return undefined
  const found = Object.entries(raw).find(([name]) => matches(name))
  return found === undefined ? undefined : unescapeText(String(found[1]))
}

const isList = (value: unknown): value is readonly Readonly<Record<string, unknown>>[] => Array.isArray(value)

const toElement = (raw: Readonly<Record<string, unknown>>): XmlElement | undefined => {
  const name = Object.keys(raw).find((key) => key !== ':@' && key !== '#text')
  if (name === undefined) return undefined
  const content = raw[name]
  const parts = isList(content) ? content : []
  const type = attribute(raw[':@'], (key) => key === 'type')
  const kind = attribute(raw[':@'], (key) => key.includes(':') && local(key) === 'type')
  return {
    name: local(name),
    ...(kind === undefined ? {} : { kind: local(kind) }),
    ...(type === undefined ? {} : { type }),
    text: parts.map((part) => ('#text' in part ? unescapeText(String(part['#text'])) : '')).join(''),
    children: parts.flatMap((part) => toElement(part) ?? []),
  }
}

/** The root element of a document. `@throws {Fault} protocol` for what is no XML. */
export const parseXml = (text: string): XmlElement => {
  let raw: unknown
  try {
    raw = parser.parse(text)
  } catch (cause) {
    throw new Fault('protocol', 'The answer is not XML.', { cause })
  }
  const root = isList(raw) ? raw.flatMap((one) => toElement(one) ?? [])[0] : undefined
  if (root === undefined) throw new Fault('protocol', 'The answer is not XML.')
  return root
}

/** The first child along a path of names, e.g. `info.state`. Never throws. */
export const childAt = (element: XmlElement | undefined, path: string): XmlElement | undefined =>
  path
    .split('.')
    .reduce<XmlElement | undefined>((at, name) => at?.children.find((child) => child.name === name), element)

/** The text of the first child along a path; undefined where there is none. */
export const textAt = (element: XmlElement | undefined, path: string): string | undefined =>
  childAt(element, path)?.text

/** The number at a path; undefined where there is none. */
export const numberAt = (element: XmlElement | undefined, path: string): number | undefined => {
  const text = textAt(element, path)
  return text === undefined || text === '' ? undefined : Number(text)
}

/** Whether the text at a path is true; XML Schema's booleans are `true`, `false`, `1` and `0`. */
export const flagAt = (element: XmlElement | undefined, path: string): boolean | undefined => {
  const text = textAt(element, path)
  return text === undefined ? undefined : text === 'true' || text === '1'
}

/** All children of a name, in order. */
export const childrenOf = (element: XmlElement | undefined, name: string): readonly XmlElement[] =>
  element?.children.filter((child) => child.name === name) ?? []

/** The managed object that an element names; undefined where it names none. */
export const toReference = (element: XmlElement | undefined): ObjectReference | undefined =>
  element?.type === undefined ? undefined : { type: element.type, id: element.text.trim() }

/** The managed objects that an array property names, in order. */
export const toReferences = (element: XmlElement | undefined): readonly ObjectReference[] =>
  element?.children.flatMap((child) => toReference(child) ?? []) ?? []

// XML Schema's own types start in lower case, vCenter's in upper case; only the former need a prefix.
const sentKind = (kind: string): string => (/^[a-z]/.test(kind) ? `xsd:${kind}` : kind)

/** An element as it was read, to be sent back; `changes` replaces children of a name, or drops them where undefined. */
export const sendBack = (
  name: string,
  element: XmlElement,
  changes: Readonly<Record<string, Xml | undefined>> = {},
): Xml => {
  const attributes = {
    type: element.type,
    'xsi:type': element.kind === undefined ? undefined : sentKind(element.kind),
  }
  if (element.children.length === 0) return wrap(name, attributes, escapeText(element.text))
  const children = element.children.flatMap((child) =>
    child.name in changes ? (changes[child.name] ?? []) : sendBack(child.name, child),
  )
  return node(name, children, attributes)
}
