import type { Issue } from '../core/issue.ts'
import type { Loaded } from '../core/loaded.ts'
import { duplicates } from './duplicates.ts'
import type { FileKind } from './file-kind.ts'

interface Named {
  readonly loaded: Loaded<unknown>
  readonly name: string
}

const namesOf = (files: readonly Loaded<unknown>[], field: string): Named[] =>
  files.flatMap((loaded) => {
    const name = (loaded.value as Record<string, unknown>)[field]
    return typeof name === 'string' ? [{ loaded, name }] : []
  })

/**
 * Files that describe the same organization or cluster, whatever the case of its letters; each names the other. Looks at
 * files as they were read, so that one with other mistakes is found too. Issue code: `fleet/duplicate-<kind>`. Never throws.
 */
export const checkUnique = (files: readonly Loaded<unknown>[], kind: FileKind, field: string): Issue[] =>
  duplicates(namesOf(files, field), ({ name }) => name.toLowerCase()).flatMap(({ item, first }) => [
    twin(item, first, { kind, field }),
    twin(first, item, { kind, field }),
  ])

const twin = (own: Named, other: Named, { kind, field }: { kind: FileKind; field: string }): Issue => ({
  code: `fleet/duplicate-${field}`,
  message: `The ${field} '${own.name}' is described in ${other.loaded.file} too.`,
  source: own.loaded.locate([field]),
  hint: `One file for each ${kind}: merge the two, or rename one.`,
})
