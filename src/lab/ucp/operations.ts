import type { Operations } from '../../core/ucp-operations.ts'

/** A union of operations in the form that checks ask: the operation, and `operation\u0000variant` for each variant. */
export type Allowed = ReadonlySet<string>

export const variantKey = (operation: string, variant: string): string => `${operation}\u0000${variant}`

/** Adds a role's operations to a union. */
export const addAllowed = (target: Set<string>, operations: Operations): void => {
  for (const byName of Object.values(operations))
    for (const [operation, variants] of Object.entries(byName)) {
      target.add(operation)
      for (const variant of variants) target.add(variantKey(operation, variant))
    }
}

/** The union of several roles' operations, sorted. */
export const unionOf = (all: readonly Operations[]): Operations => {
  const union = new Map<string, Map<string, Set<string>>>()
  for (const operations of all)
    for (const [resource, byName] of Object.entries(operations)) {
      const merged = union.get(resource) ?? new Map<string, Set<string>>()
      for (const [operation, variants] of Object.entries(byName))
        merged.set(operation, new Set([...(merged.get(operation) ?? []), ...variants]))
      union.set(resource, merged)
    }
  return Object.fromEntries(
    [...union].map(([resource, byName]) => [
      resource,
      Object.fromEntries([...byName].map(([operation, variants]) => [operation, [...variants].sort()])),
    ]),
  )
}
