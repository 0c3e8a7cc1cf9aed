import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compareText } from '../core/issue.ts'
import type { Versions } from '../plan/plan-file.ts'

export interface VersionsRequest {
  /** The checkout with the program, absolute. */
  readonly project: string
  /** The folder with `tenants/` and `stacks/`, absolute. */
  readonly root: string
  /** Version of the engine. */
  readonly engine: string
}

/** What the program is made of, and the packages that it stands on. */
const programPlaces = ['Pulumi.yaml', 'bin', 'package-lock.json', 'plugins', 'src']

/** The rules that say what may be applied at all. */
const rules =
  /^src\/(?:compile\/policy\.ts|load\/check-[^/]+\.ts|plan\/valve(?:\.ts|\/.+)|exception\/.+|fleet\/.+)$/

/** Their thresholds, and what lifts them. */
const rulePlaces = ['fleet.ts', 'overrides']

/** Every file of some places below a folder, as paths with `/`; places that are not there have none. */
const filesOf = (folder: string, places: readonly string[]): readonly string[] =>
  places.flatMap((place): readonly string[] => {
    try {
      const entries = readdirSync(join(folder, place), { withFileTypes: true })
      return entries.flatMap((entry) =>
        entry.isDirectory() ? filesOf(folder, [`${place}/${entry.name}`]) : [`${place}/${entry.name}`],
      )
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOTDIR') return [place]
      if (code === 'ENOENT') return []
      throw error
    }
  })

/** A file's name and content, with the length of each, so that no two lists of files have one text. */
const digestOf = (files: readonly { readonly name: string; readonly path: string }[]): string => {
  const hash = createHash('sha256')
  for (const { name, path } of files) {
    const content = readFileSync(path)
    hash.update(`${Buffer.byteLength(name)} ${content.length} ${name}\n`).update(content)
  }
  return hash.digest('hex')
}

const placed = (folder: string, names: readonly string[]) =>
  [...names].sort(compareText).map((name) => ({ name, path: join(folder, name) }))

/**
 * What would apply a plan: the engine's version, and digests of the program and of the rules. The rules are no part of the
 * program's digest, so that each is named when it moved.
 */
export const versionsOf = ({ project, root, engine }: VersionsRequest): Versions => {
  const program = filesOf(project, programPlaces)
  return {
    engine,
    program: digestOf(
      placed(
        project,
        program.filter((name) => !rules.test(name)),
      ),
    ),
    policies: digestOf([
      ...placed(
        project,
        program.filter((name) => rules.test(name)),
      ),
      ...placed(root, filesOf(root, rulePlaces)),
    ]),
  }
}
