import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Cluster } from '../../../src/cluster/schema.ts'
import { finishModel } from '../../../src/compose/finish.ts'
import { loadModel } from '../../../src/compose/load-model.ts'
import { parseYaml } from '../../../src/compose/read-yaml.ts'
import type { Supplied, SupplyInput } from '../../../src/compose/supply/supplied.ts'
import { supply } from '../../../src/compose/supply/supply.ts'
import { plainOf, type YamlMap } from '../../../src/compose/yaml-node.ts'
import type { Checked } from '../../../src/core/issue.ts'
import type { Loaded } from '../../../src/core/loaded.ts'
import { parseTypedFile } from '../../../src/load/read-typed-file.ts'
import { validateCluster, validateTenant } from '../../../src/load/validate-file.ts'
import type { Tenant } from '../../../src/tenant/schema.ts'
import { checkedValue } from '../checked-value.ts'

const checkout = join(import.meta.dirname, '../../..')

const textOf = (path: string): string => readFileSync(join(checkout, path), 'utf8')

/** The sample tenant, its text changed. */
export const retail = (change: (text: string) => string = (text) => text): Loaded<Tenant> => {
  const path = 'tenants/retail-banking.ts'
  return checkedValue(validateTenant(checkedValue(parseTypedFile(path, change(textOf(path)), 'tenant'))))
}

const clusterOf = (name: string): Loaded<Cluster> => {
  const path = `stacks/${name}.ts`
  return checkedValue(validateCluster(checkedValue(parseTypedFile(path, textOf(path), 'cluster'))))
}

export const stacks = { nonprod: clusterOf('nonprod'), prod: clusterOf('prod') }
const sample = retail()

/** A stack's text as a finished model. */
export const finished = (text: string): YamlMap => {
  const files = { yaml: (path: string) => parseYaml(path, text), text: () => undefined }
  const lookup = (): undefined => undefined
  const { model } = checkedValue(loadModel(['ops.yml'], files, lookup))
  return checkedValue(finishModel(model, { profiles: [], files, lookup }))
}

export const suppliedOf = (text: string, more: Partial<SupplyInput>): Checked<Supplied> =>
  supply(finished(text), { tenant: sample, cluster: stacks.nonprod, measured: new Map(), ...more })

interface PlainService {
  readonly environment?: Readonly<Record<string, string>>
  readonly logging?: unknown
  readonly deploy?: {
    readonly placement?: unknown
    readonly resources?: { readonly reservations?: unknown }
  }
}

interface PlainThing {
  readonly driver_opts?: unknown
}

/** A model as plain data, as far as the tests look into it. */
export interface PlainModel {
  readonly services: Readonly<Record<string, PlainService>>
  readonly networks: Readonly<Record<string, PlainThing>>
  readonly volumes: Readonly<Record<string, PlainThing>>
  readonly secrets: Readonly<Record<string, PlainThing>>
}

export const composed = (text: string, more: Partial<SupplyInput> = {}): PlainModel =>
  plainOf(checkedValue(suppliedOf(text, more)).model) as PlainModel
