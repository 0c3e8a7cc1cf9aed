import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { MergedStack, MergeInput } from '../../src/cli/compose/merge-files.ts'
import { mergeFiles } from '../../src/cli/compose/merge-files.ts'
import { parseEnvText } from '../../src/compose/env-text.ts'
import type { Checked } from '../../src/core/issue.ts'
import { checkoutRoot } from '../../src/engine/checkout.ts'
import { loadFleet } from '../../src/load/load-fleet.ts'

/** One stack of the corpus: its folder, and its files in the order of merging. */
export interface CorpusStack {
  readonly name: string
  readonly folder: string
  readonly files: readonly string[]
}

const root = join(import.meta.dirname, '../corpus/compose')

/** Stacks of the kind a bank runs, as developers and operators keep them; by name. */
export const corpus: readonly CorpusStack[] = readdirSync(root)
  .sort()
  .map((name) => {
    const folder = relative('.', join(root, name))
    const files = ['dev.yml', 'test.yml', 'ops.yml'].map((file) => join(folder, file))
    return { name, folder, files: files.filter((file) => existsSync(file)) }
  })

const applications: Readonly<Record<string, string>> = {
  payments: 'payments',
  cards: 'cards',
  statements: 'statements',
}

/** The application of the sample tenant that a stack is of; undefined for one of the organization. */
export const applicationOf = (stack: string): string | undefined => applications[stack]

/** The sample tenant on the production cluster. */
export const sampleParties = async (): Promise<Pick<MergeInput, 'tenant' | 'cluster'>> => {
  const fleet = await loadFleet(checkoutRoot())
  if (!fleet.ok) throw new Error(JSON.stringify(fleet.issues))
  const tenant = fleet.value.tenants.find(({ value }) => value.organization === 'retail-banking')
  const cluster = fleet.value.clusters.find(({ value }) => value.cluster === 'prod')
  if (tenant === undefined || cluster === undefined) throw new Error('The sample tenant is gone.')
  return { tenant, cluster }
}

/** A stack of the corpus merged for the sample tenant. */
export const mergeSample = (
  { name, folder, files }: CorpusStack,
  parties: Pick<MergeInput, 'tenant' | 'cluster'>,
): Checked<MergedStack> => {
  const application = applicationOf(name)
  const options = {
    tenant: 'retail-banking',
    cluster: 'prod',
    envFile: [],
    profile: [],
    output: join(folder, 'stack.yml'),
    ...(application === undefined ? {} : { application }),
  }
  return mergeFiles(files, { ...parties, options, environment: {} })
}

/** What `.env` beside a stack's files says. */
export const environmentOf = ({ folder }: CorpusStack): Readonly<Record<string, string>> => {
  const file = join(folder, '.env')
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  return Object.fromEntries(parseEnvText(file, text, () => undefined).variables)
}
