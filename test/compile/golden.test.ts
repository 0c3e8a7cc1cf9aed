import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { compile } from '../../src/compile/compile.ts'
import { canonicalJson } from '../../src/core/canonical.ts'
import { loadFleet } from '../../src/load/load-fleet.ts'
import type { StackState } from '../../src/model/desired-state.ts'

const here = dirname(fileURLToPath(import.meta.url))
const folder = join(here, 'golden')
const checkout = join(here, '..', '..')

/** JSON with a line a resource, so that a reviewer sees what changed. */
const goldenText = ({ resources }: StackState): string => {
  const lines = resources.map(({ key, ...rest }) => `  ${JSON.stringify(key)}: ${canonicalJson(rest)}`)
  return `{\n${lines.join(',\n')}\n}\n`
}

const checked = await loadFleet(checkout)
if (!checked.ok) throw new Error(checked.issues.map(({ code, message }) => `${code}: ${message}`).join('\n'))
const { tenants, clusters } = checked.value
const stacks = clusters.flatMap(
  (cluster) =>
    compile(
      tenants.map(({ value }) => value),
      cluster.value,
    ).stacks,
)

if (process.env.UPDATE_GOLDEN === '1') {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  for (const state of stacks) writeFileSync(join(folder, `${state.stack}.json`), goldenText(state))
}

describe('the sample tenants on the sample clusters', () => {
  it.each(stacks.map((state) => [state.stack, state] as const))(
    '%s is what was reviewed (npm run golden rewrites it)',
    (stack, state) => {
      expect(goldenText(state)).toBe(readFileSync(join(folder, `${stack}.json`), 'utf8'))
    },
  )

  it('has a golden file for each stack and no other', () => {
    const names = stacks.map(({ stack }) => `${stack}.json`)
    expect(readdirSync(folder).sort()).toEqual(names.sort())
  })
})
