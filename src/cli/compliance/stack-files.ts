import { lstatSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import type { ComposeFiles } from '../../compose/prepare.ts'
import { largestYamlBytes, parseYaml } from '../../compose/read-yaml.ts'
import { readPlainText, readText } from './read-bounded.ts'

/** Bytes read of a file: one more than the YAML reader takes, so that it says what is wrong. */
const most = largestYamlBytes + 1

/** Likewise of an env file. */
export const largestEnvBytes = 1024 * 1024

/** False where nothing has that name; a link that leads nowhere has. */
const isThere = (file: string): boolean => {
  try {
    return lstatSync(file, { throwIfNoEntry: false }) !== undefined
  } catch {
    // Reading it tells why it cannot be looked at.
    return true
  }
}

/** The files of one stack: relative paths in them begin at the folder of the first one. */
export interface StackFiles extends ComposeFiles {
  readonly shown: (path: string) => string
  /** Paths of the files from the project's folder. */
  readonly paths: readonly string[]
  /** The text of every file that was read, by the name that places have. */
  readonly texts: ReadonlyMap<string, string>
}

/** A path of the project's folder as the user would write it from where the command runs. */
const shownPath = (folder: string, path: string): string => {
  const whole = resolve(folder, path)
  const here = relative('.', whole)
  return here === '' || here.startsWith('..') ? whole : here
}

/**
 * Reads on demand, each file as often as it is named. Nothing is read before. Only the files that a person named may be pipes, e.g. of
 * `<(sops --decrypt ops.yml)`; one that a file names has to be a plain file, or the command would wait for whoever writes to it.
 */
export const stackFiles = (files: readonly string[]): StackFiles => {
  const folder = dirname(resolve(files[0] ?? '.'))
  const texts = new Map<string, string>()
  const paths = files.map((file) => relative(folder, resolve(file)))
  const named = new Set(paths)
  return {
    paths,
    texts,
    shown: (path) => shownPath(folder, path),
    yaml: (path) => {
      const shown = shownPath(folder, path)
      const text = named.has(path) ? readText(shown, most) : readPlainText(shown, most)
      if (!text.ok) return text
      texts.set(shown, text.value)
      return parseYaml(shown, text.value)
    },
    text: (path) => {
      const file = resolve(folder, path)
      if (!isThere(file)) return undefined
      const text = readPlainText(file, largestEnvBytes)
      return text.ok ? text.value : text.issues
    },
  }
}
