import type { Operations } from '../../core/ucp-operations.ts'
import { operationCatalogue } from '../../core/ucp-operations.ts'
import { propertyPath } from '../diff-inputs.ts'
import { didYouMean } from '../input-fields.ts'
import type { CheckFailure } from '../plugin.ts'

const own = <T>(from: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(from, name) ? from[name] : undefined

const checkVariants = (path: string, variants: readonly string[], known: readonly string[]): CheckFailure[] =>
  variants.flatMap((variant, index) =>
    known.includes(variant)
      ? []
      : [
          {
            property: propertyPath(path, index),
            reason: `${JSON.stringify(variant)} is no sub-permission of this operation.${didYouMean(variant, known)}`,
          },
        ],
  )

/** What of a role's operations UCP does not know, by property path. Pure, never throws. */
export const checkOperations = (operations: Operations): CheckFailure[] =>
  Object.entries(operations).flatMap(([resource, byName]) => {
    const path = propertyPath('operations', resource)
    const known = own(operationCatalogue, resource)
    if (known === undefined) {
      const reason = `${JSON.stringify(resource)} is no resource of UCP.${didYouMean(resource, Object.keys(operationCatalogue))}`
      return [{ property: path, reason }]
    }
    return Object.entries(byName).flatMap(([operation, variants]) => {
      const operationPath = propertyPath(path, operation)
      const knownVariants = own(known, operation)
      if (knownVariants !== undefined) return checkVariants(operationPath, variants, knownVariants)
      const reason = `${JSON.stringify(operation)} is no operation of ${resource}.${didYouMean(operation, Object.keys(known))}`
      return [{ property: operationPath, reason }]
    })
  })

/** Operations in the one form that compares: sorted, without resources that allow nothing. Pure. */
export const normalOperations = (operations: Operations): Record<string, Record<string, string[]>> => {
  const sortedEntries = <T>(from: Readonly<Record<string, T>>): [string, T][] =>
    Object.entries(from).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(
    sortedEntries(operations)
      .filter(([, byName]) => Object.keys(byName).length > 0)
      .map(([resource, byName]) => [
        resource,
        Object.fromEntries(
          sortedEntries(byName).map(([operation, variants]) => [operation, [...new Set(variants)].sort()]),
        ),
      ]),
  )
}
