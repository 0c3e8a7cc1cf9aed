import type {
  Expression,
  Literal,
  Node,
  ObjectExpression,
  Property,
  SpreadElement,
  TemplateLiteral,
} from 'acorn'
import type { Issue, Source } from '../core/issue.ts'

/** Deepest nesting of arrays and objects in a typed file; the schemas need six. */
export const deepestNesting = 32

/** What reading a literal may add to. */
export interface LiteralReading {
  readonly at: (start: number, end?: number) => Source
  readonly report: (issue: Issue) => void
}

const forbiddenKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

const dataHint = 'Write the value out: a typed file is read as data and never run.'

/** For each kind of expression that is not data: the code, what it is, and the way out. */
const refusals: Readonly<Record<string, readonly [code: string, what: string, hint: string]>> = {
  CallExpression: ['reader/call', 'A call', 'Write the result out: a typed file is never run.'],
  NewExpression: ['reader/call', 'A call', 'Write the result out: a typed file is never run.'],
  ImportExpression: ['reader/call', 'An import call', 'Write the value out: a typed file is never run.'],
  TaggedTemplateExpression: ['reader/call', 'A tagged template', 'Use a plain string.'],
  AwaitExpression: ['reader/call', 'An `await`', 'Write the result out: a typed file is never run.'],
  FunctionExpression: ['reader/function', 'A function', dataHint],
  ArrowFunctionExpression: ['reader/function', 'A function', dataHint],
  ClassExpression: ['reader/function', 'A class', dataHint],
  MemberExpression: ['reader/identifier', 'A reference to another value', dataHint],
  ThisExpression: ['reader/identifier', '`this`', dataHint],
  ConditionalExpression: ['reader/operator', 'A condition', dataHint],
  AssignmentExpression: ['reader/operator', 'An assignment', dataHint],
  SequenceExpression: ['reader/operator', 'A list of expressions', dataHint],
}

const refuse = (node: Node, reading: LiteralReading): undefined => {
  const [code, what, hint] = refusals[node.type] ?? ['reader/operator', 'A computed value', dataHint]
  reading.report({ code, message: `${what} is not data.`, source: reading.at(node.start, node.end), hint })
  return undefined
}

const refuseIdentifier = (node: Node & { name: string }, reading: LiteralReading): undefined => {
  reading.report({
    code: 'reader/identifier',
    message: `\`${node.name}\` is a name, not a value.`,
    source: reading.at(node.start, node.end),
    hint:
      node.name === 'undefined'
        ? 'Leave the field out instead of setting it to undefined.'
        : `Put it in quotes if it is text: '${node.name}'.`,
  })
  return undefined
}

const finite = (value: number, node: Node, reading: LiteralReading): number | undefined => {
  if (Number.isFinite(value)) return value
  reading.report({
    code: 'reader/number',
    message: 'The number is too large to hold.',
    source: reading.at(node.start, node.end),
    hint: 'Write a number below 2^53.',
  })
  return undefined
}

const readPlain = (node: Literal, reading: LiteralReading): unknown => {
  if (node.regex) return refuseText(node, 'A regular expression', reading)
  if (typeof node.bigint === 'string') return refuseText(node, 'A big integer', reading)
  return typeof node.value === 'number' ? finite(node.value, node, reading) : node.value
}

const refuseText = (node: Node, what: string, reading: LiteralReading): undefined => {
  reading.report({
    code: 'reader/literal',
    message: `${what} is not one of the values a typed file may hold.`,
    source: reading.at(node.start, node.end),
    hint: 'Use text, a number, true, false, an array or an object.',
  })
  return undefined
}

const readTemplate = (node: TemplateLiteral, reading: LiteralReading): string | undefined => {
  const text = node.quasis[0]?.value.cooked
  if (node.expressions.length === 0 && typeof text === 'string') return text
  reading.report({
    code: 'reader/template',
    message: 'A template with an expression in it is not data.',
    source: reading.at(node.start, node.end),
    hint: 'Write the whole text out.',
  })
  return undefined
}

const readNegative = (node: Expression & { type: 'UnaryExpression' }, reading: LiteralReading): unknown => {
  const { operator, argument } = node
  if (operator !== '-' || argument.type !== 'Literal' || typeof argument.value !== 'number')
    return refuse(node, reading)
  return finite(-argument.value, node, reading)
}

const refuseSpread = (node: SpreadElement, reading: LiteralReading): undefined => {
  reading.report({
    code: 'reader/spread',
    message: 'A spread (`...`) is not data.',
    source: reading.at(node.start, node.end),
    hint: 'Write the entries out.',
  })
  return undefined
}

const readArray = (
  node: Expression & { type: 'ArrayExpression' },
  reading: LiteralReading,
  depth: number,
): unknown[] =>
  node.elements.map((element, index) => {
    if (element === null) return refuseHole(node, index, reading)
    if (element.type === 'SpreadElement') return refuseSpread(element, reading)
    return readLiteral(element, reading, depth + 1)
  })

const refuseHole = (node: Node, index: number, reading: LiteralReading): undefined => {
  reading.report({
    code: 'reader/hole',
    message: `Entry ${index + 1} of the array is empty.`,
    source: reading.at(node.start, node.end),
    hint: 'Remove the extra comma.',
  })
  return undefined
}

/** The key's text; undefined, with an issue, where it is not one that data may have. */
const readKey = (property: Property, reading: LiteralReading): string | undefined => {
  const { key } = property
  if (property.computed) return refuseComputed(key, reading)
  const name = propertyKey(property)
  if (name === undefined) return refuse(key, reading)
  return forbiddenKeys.has(name) ? refusePrototype(key, name, reading) : name
}

const refuseComputed = (key: Node, { at, report }: LiteralReading): undefined => {
  report({
    code: 'reader/computed-key',
    message: 'A computed key is not data.',
    source: at(key.start, key.end),
    hint: 'Write the key as a name or in quotes.',
  })
  return undefined
}

const refusePrototype = (key: Node, name: string, { at, report }: LiteralReading): undefined => {
  report({
    code: 'reader/prototype-key',
    message: `The key \`${name}\` could reach an object's prototype.`,
    source: at(key.start, key.end),
    hint: 'Choose another name.',
  })
  return undefined
}

/** Text of a property's key as JavaScript would have it; undefined where it is computed. Never throws. */
export const propertyKey = (property: Property): string | undefined => {
  const { key } = property
  if (property.computed) return undefined
  if (key.type === 'Identifier') return key.name
  return key.type === 'Literal' && !key.regex ? String(key.value) : undefined
}

const isPlainProperty = (property: Property, { at, report }: LiteralReading): boolean => {
  if (property.kind === 'init' && !property.method && !property.shorthand) return true
  const source = at(property.start, property.end)
  if (property.shorthand)
    report({
      code: 'reader/identifier',
      message: `\`${propertyKey(property)}\` stands for a variable, not a value.`,
      source,
      hint: 'Write `name: value`.',
    })
  else
    report({ code: 'reader/function', message: 'A method or accessor is not data.', source, hint: dataHint })
  return false
}

const reportDuplicate = (name: string, property: Property, first: Property, reading: LiteralReading): void =>
  reading.report({
    code: 'reader/duplicate-key',
    message: `\`${name}\` stands twice; the first is in line ${reading.at(first.key.start).line}.`,
    source: reading.at(property.key.start, property.key.end),
    hint: 'Keep one of the two.',
  })

const readObject = (
  node: ObjectExpression,
  reading: LiteralReading,
  depth: number,
): Record<string, unknown> => {
  const value: Record<string, unknown> = {}
  const seen = new Map<string, Property>()
  for (const property of node.properties) {
    if (property.type === 'SpreadElement') refuseSpread(property, reading)
    else readProperty(property, { value, seen, reading, depth })
  }
  return value
}

interface ObjectReading {
  readonly value: Record<string, unknown>
  readonly seen: Map<string, Property>
  readonly reading: LiteralReading
  readonly depth: number
}

const readProperty = (property: Property, { value, seen, reading, depth }: ObjectReading): void => {
  const name = readKey(property, reading)
  const plain = isPlainProperty(property, reading)
  const read = plain ? readLiteral(property.value, reading, depth + 1) : undefined
  if (name === undefined) return
  const first = seen.get(name)
  if (first !== undefined) {
    reportDuplicate(name, property, first, reading)
    return
  }
  seen.set(name, property)
  value[name] = read
}

const refuseDepth = (node: Node, reading: LiteralReading): undefined => {
  reading.report({
    code: 'reader/too-deep',
    message: `Arrays and objects stand more than ${deepestNesting} deep.`,
    source: reading.at(node.start),
    hint: 'No field of a typed file needs that; check the brackets.',
  })
  return undefined
}

/**
 * The value of an expression made of literals, arrays and objects; every part that is not one is reported and
 * left undefined. Never throws.
 */
export const readLiteral = (node: Expression, reading: LiteralReading, depth = 0): unknown => {
  if (depth > deepestNesting) return refuseDepth(node, reading)
  switch (node.type) {
    case 'Literal':
      return readPlain(node, reading)
    case 'TemplateLiteral':
      return readTemplate(node, reading)
    case 'UnaryExpression':
      return readNegative(node, reading)
    case 'ArrayExpression':
      return readArray(node, reading, depth)
    case 'ObjectExpression':
      return readObject(node, reading, depth)
    case 'Identifier':
      return refuseIdentifier(node, reading)
    default:
      return refuse(node, reading)
  }
}
