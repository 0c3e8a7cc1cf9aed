import type { Node } from '../../clients/docker-objects.ts'
import { Refusal } from './refusal.ts'

/** One placement constraint, e.g. `node.labels.zone==a`. */
export interface Constraint {
  readonly key: string
  readonly equal: boolean
  readonly value: string
}

const form = /^\s*([a-zA-Z][a-zA-Z0-9._/-]*)\s*(==|!=)\s*(.*?)\s*$/
const valueForm = /^[a-zA-Z0-9:\-_\s./*()?+[\]\\^$|]+$/
const known = /^(?:node\.(?:id|hostname|ip|role|platform\.(?:os|arch)|labels\..+)|engine\.labels\..+)$/i

const unknown = (sentence: string): Refusal =>
  new Refusal(500, `rpc error: code = Unknown desc = ${sentence}`)

/** Errors: `@throws {Refusal}` 500 with swarmkit's sentences when one is not a constraint. A key may be unknown: no node meets it. */
export const parseConstraints = (texts: readonly string[]): Constraint[] =>
  texts.map((text) => {
    const [, key, operator, value] = form.exec(text) ?? []
    if (key === undefined || value === undefined)
      throw unknown('constraint expected one operator from ==, !=')
    if (!valueForm.test(value)) throw unknown(`value '${value}' is invalid`)
    return { key, equal: operator === '==', value }
  })

const engineLabels = (node: Node): Readonly<Record<string, unknown>> => {
  const engine = node.Description.Engine
  if (engine === null || typeof engine !== 'object' || !('Labels' in engine)) return {}
  return { ...(engine.Labels as Record<string, unknown> | null) }
}

const platform = (node: Node, part: 'OS' | 'Architecture'): string => {
  const value = node.Description.Platform
  if (value === null || typeof value !== 'object') return ''
  return String((value as Record<string, unknown>)[part] ?? '')
}

const factOf = (node: Node, key: string): string => {
  const lower = key.toLowerCase()
  if (lower.startsWith('node.labels.')) return node.Spec.Labels?.[key.slice('node.labels.'.length)] ?? ''
  if (lower.startsWith('engine.labels.'))
    return String(engineLabels(node)[key.slice('engine.labels.'.length)] ?? '')
  if (lower === 'node.id') return node.ID
  if (lower === 'node.hostname') return node.Description.Hostname
  if (lower === 'node.role') return node.Spec.Role
  if (lower === 'node.ip') return node.Status.Addr ?? ''
  return platform(node, lower.endsWith('.os') ? 'OS' : 'Architecture')
}

/** Whether the node meets all of them; values are compared without regard to case, as swarmkit does. Never throws. */
export const meets = (node: Node, constraints: readonly Constraint[]): boolean =>
  constraints.every(
    ({ key, equal, value }) =>
      known.test(key) && (factOf(node, key).toLowerCase() === value.toLowerCase()) === equal,
  )
