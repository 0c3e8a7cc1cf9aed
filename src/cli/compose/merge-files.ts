import { dirname, relative, resolve } from 'node:path'
import { finishModel } from '../../compose/finish.ts'
import { checkLayers, layersOf, tellReplaced } from '../../compose/layers.ts'
import { type LoadedModel, loadModel } from '../../compose/load-model.ts'
import type { Replaced } from '../../compose/merge.ts'
import { readMeasured } from '../../compose/supply/measured.ts'
import type { Supplied, SupplyInput, VaultReference } from '../../compose/supply/supplied.ts'
import { supply } from '../../compose/supply/supply.ts'
import { writeStack } from '../../compose/write-stack.ts'
import type { YamlMap } from '../../compose/yaml-node.ts'
import { type Checked, type Issue, sortIssues } from '../../core/issue.ts'
import { readText } from '../compliance/read-bounded.ts'
import { lookupOf } from '../compliance/read-stack.ts'
import { type StackFiles, stackFiles } from '../compliance/stack-files.ts'
import type { MergeOptions } from './merge-options.ts'

/** What a merge works with beside the files. */
export interface MergeInput extends Pick<SupplyInput, 'tenant' | 'cluster'> {
  readonly options: MergeOptions
  readonly environment: NodeJS.ProcessEnv
}

/** The production file of compose files, and how it came to be. */
export interface MergedStack {
  /** The stack file. */
  readonly text: string
  /** What it was written from; for `explainModel`. */
  readonly model: YamlMap
  readonly replaced: readonly Replaced[]
  readonly references: readonly VaultReference[]
  readonly warnings: readonly Issue[]
}

const largestMeasured = 4 * 1024 * 1024

const measuredIn = (file: string | undefined): Checked<SupplyInput['measured']> => {
  if (file === undefined) return { ok: true, value: new Map() }
  const text = readText(file, largestMeasured)
  return text.ok ? readMeasured(file, text.value) : text
}

/** The files as one model, once nobody set what is another layer's. */
const layered = (
  files: StackFiles,
  input: MergeInput,
): Checked<{ readonly loaded: LoadedModel; readonly finished: YamlMap }> => {
  const { envFile, profile } = input.options
  const lookup = lookupOf(files, { envFiles: envFile, environment: input.environment })
  if (!lookup.ok) return lookup
  const loaded = loadModel(files.paths, files, lookup.value)
  if (!loaded.ok) return loaded
  const findings = checkLayers(loaded.value, layersOf(files.paths))
  const finished = finishModel(loaded.value.model, { profiles: profile, files, lookup: lookup.value })
  if (findings.length === 0 && finished.ok)
    return { ok: true, value: { loaded: loaded.value, finished: finished.value } }
  return { ok: false, issues: [...findings, ...(finished.ok ? [] : finished.issues)] }
}

const supplied = (finished: YamlMap, input: MergeInput): Checked<Supplied> => {
  const measured = measuredIn(input.options.measured)
  if (!measured.ok) return measured
  const { tenant, cluster, options } = input
  return supply(finished, { tenant, cluster, application: options.application, measured: measured.value })
}

const headingOf = (paths: readonly string[], { options, tenant, cluster }: MergeInput): readonly string[] => [
  'Written by `tenantry compose merge`: change the files that it names, not this one.',
  `From ${paths.join(', ')} for ${tenant.value.organization} on ${cluster.value.cluster}${
    options.application === undefined ? '' : `, application ${options.application}`
  }.`,
]

const folderOf = (paths: readonly string[], output: string | undefined): string => {
  const to = output === undefined ? resolve('.') : dirname(resolve(output))
  return relative(to, dirname(resolve(paths[0] ?? '.'))) || '.'
}

/** Services that a profile, which is off, keeps out of the stack. */
const leftOff = (loaded: YamlMap, finished: YamlMap): readonly Issue[] => {
  const all = loaded.entries.get('services')?.node
  const on = finished.entries.get('services')?.node
  if (all?.kind !== 'map' || on?.kind !== 'map') return []
  return [...all.entries.values()]
    .filter(({ key }) => !on.entries.has(key))
    .map(({ key, keySource }) => ({
      code: 'compose/profile-off',
      message: `services.${key} is left out of the stack: none of its profiles is on.`,
      source: keySource,
      hint: 'Name one of them with `--profile`.',
    }))
}

/**
 * Compose files, developers' first and operators' last, as the stack file of a tenant on a cluster.
 *
 * Issue codes: those of `readStack`, `checkLayers`, `finishModel`, `supply`, `readMeasured` and `writeStack`; sorted. Never throws.
 */
export const mergeFiles = (paths: readonly string[], input: MergeInput): Checked<MergedStack> => {
  const files = stackFiles(paths)
  const layers = layered(files, input)
  if (!layers.ok) return { ok: false, issues: sortIssues(layers.issues) }
  const { loaded, finished } = layers.value
  const full = supplied(finished, input)
  if (!full.ok) return { ok: false, issues: sortIssues(full.issues) }
  const { model, references } = full.value
  const replaced = [...loaded.replaced, ...full.value.replaced]
  const written = writeStack(model, {
    replaced,
    templates: references.map(({ path }) => path),
    heading: headingOf(paths, input),
    folder: folderOf(paths, input.options.output),
  })
  if (!written.ok) return written
  const told = [loaded.warnings, tellReplaced(loaded, layersOf(files.paths)), leftOff(loaded.model, finished)]
  const warnings = sortIssues([...told.flat(), ...full.value.warnings, ...written.value.warnings])
  return { ok: true, value: { text: written.value.text, model, replaced, references, warnings } }
}
