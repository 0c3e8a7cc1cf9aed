import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const here = dirname(fileURLToPath(import.meta.url))

/** A script of this folder in one file, as `tenantry` runs; its path in the given folder. */
export const bundled = async (script: string, folder: string): Promise<string> => {
  const outfile = join(folder, `${script}.mjs`)
  await build({
    entryPoints: [join(here, `${script}.ts`)],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    mainFields: ['module', 'main'],
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)",
    },
    logLevel: 'error',
  })
  return outfile
}
