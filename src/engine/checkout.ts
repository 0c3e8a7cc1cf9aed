import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const above = (folder: string): string | undefined => {
  if (existsSync(join(folder, 'Pulumi.yaml'))) return folder
  const parent = dirname(folder)
  return parent === folder ? undefined : above(parent)
}

/**
 * The folder that holds `Pulumi.yaml`, found upwards from this module: the same from `src/` and from a bundle
 * below `.tenantry/build/`. Absolute. Throws where the code was taken out of its checkout, which is a bug.
 */
export const checkoutRoot = (): string => {
  const root = above(dirname(fileURLToPath(import.meta.url)))
  if (root === undefined) throw new Error('no Pulumi.yaml above the code that is running')
  return root
}
