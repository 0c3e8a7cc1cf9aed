import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from '../src/engine/cache.ts'
import { checkoutRoot } from '../src/engine/checkout.ts'
import { buildGoTool } from '../src/engine/go-build.ts'

const tool = 'compose-reference'
const folder = join('tools', tool)

/** Of the tool's sources, which name the reference's version: an edited tool is built anew, beside the one before. */
const version = (): string => {
  const hash = createHash('sha256')
  for (const file of ['go.mod', 'go.sum', 'main.go'])
    hash.update(readFileSync(join(checkoutRoot(), folder, file)))
  return hash.digest('hex').slice(0, 16)
}

/** Where the reference parser of compose files is once it is built, outside every checkout. */
export const composeReference = (): string => join(cacheFolder(tool, version()), tool)

/** Builds the reference parser into the cache unless it is there. @throws {Fault} `missing-tool` without Go. */
export const buildComposeReference = (report: (line: string) => void): Promise<string> =>
  buildGoTool({ tool, version: version(), folder, package: '.', output: tool, report })
