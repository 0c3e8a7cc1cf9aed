import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The name in a folder's `Pulumi.yaml`. Throws where there is none, which is a bug: the engine needs it too. */
export const projectName = async (folder: string): Promise<string> => {
  const name = /^name: *(\S+)/m.exec(await readFile(join(folder, 'Pulumi.yaml'), 'utf8'))?.[1]
  if (name === undefined) throw new Error(`${folder}/Pulumi.yaml names no project`)
  return name
}
