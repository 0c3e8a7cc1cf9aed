import type { SwarmNode } from './swarm.ts'

/** A node as far as a placement constraint asks; undefined is what nobody can know of a node that is to be. */
export interface ConstrainedNode extends Pick<SwarmNode, 'os' | 'architecture' | 'engineLabels' | 'labels'> {
  readonly id: string | undefined
  readonly hostname: string | undefined
  readonly address: string | undefined
  readonly isManager: boolean
}

interface Constraint {
  readonly key: string
  readonly isEqual: boolean
  readonly value: string
}

/** Source: swarmkit's manager/constraint, `Parse`: a key, one operator, a value. */
const form = /^\s*([a-z][\w./-]*)\s*(==|!=)\s*(.*?)\s*$/i

const parse = (text: string): Constraint | undefined => {
  const [, key, operator, value] = form.exec(text) ?? []
  return key === undefined || value === undefined ? undefined : { key, isEqual: operator === '==', value }
}

const nodeLabel = 'node.labels.'
const engineLabel = 'engine.labels.'

const textOf = (labels: Readonly<Record<string, string>>, name: string): string =>
  (Object.hasOwn(labels, name) ? labels[name] : undefined) ?? ''

const factOf = (node: ConstrainedNode, key: string): string | undefined => {
  const lower = key.toLowerCase()
  if (lower.startsWith(nodeLabel)) return textOf(node.labels, key.slice(nodeLabel.length))
  if (lower.startsWith(engineLabel)) return textOf(node.engineLabels, key.slice(engineLabel.length))
  const facts: Readonly<Record<string, string | undefined>> = {
    'node.id': node.id,
    'node.hostname': node.hostname,
    'node.ip': node.address,
    'node.role': node.isManager ? 'manager' : 'worker',
    'node.platform.os': node.os,
    'node.platform.arch': node.architecture,
  }
  return facts[lower]
}

/**
 * Whether a node meets all constraints, as swarm's scheduler has it: values are compared without regard to case, and a key that it does not know is
 * met by no node. What is not known of a node that is to be equals nothing. Never throws.
 */
export const meetsAll = (node: ConstrainedNode, constraints: readonly string[]): boolean =>
  constraints.every((text) => {
    const constraint = parse(text)
    if (constraint === undefined) return false
    const known = /^(?:node\.(?:id|hostname|ip|role|platform\.(?:os|arch)|labels\..+)|engine\.labels\..+)$/i
    if (!known.test(constraint.key)) return false
    const fact = factOf(node, constraint.key)
    const isSame = fact !== undefined && fact.toLowerCase() === constraint.value.toLowerCase()
    return isSame === constraint.isEqual
  })
