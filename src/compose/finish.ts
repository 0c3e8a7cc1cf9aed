import type { Checked, Issue } from '../core/issue.ts'
import { parseEnvText, unreadableEnv } from './env-text.ts'
import { entry, mapFrom, mapOf, mapValues, scalar, withEntry, without } from './make-node.ts'
import type { ComposeFiles } from './prepare.ts'
import type { Lookup } from './substitute.ts'
import {
  childAt,
  entriesOf,
  itemsOf,
  scalarOf,
  textOf,
  type YamlEntry,
  type YamlMap,
  type YamlNode,
} from './yaml-node.ts'

/** What makes a merged model the model of one run. */
export interface FinishInput {
  /** Profiles that are on; `*` is all of them. A service without profiles is always on. */
  readonly profiles: readonly string[]
  readonly files: ComposeFiles
  readonly lookup: Lookup
}

interface Finishing extends FinishInput {
  readonly issues: Issue[]
}

/** Sets the values of a map over these; the map's own win. */
const under = (node: YamlNode | undefined, defaults: YamlMap): YamlMap =>
  node?.kind === 'map' ? { ...node, entries: new Map([...defaults.entries, ...node.entries]) } : defaults

const variablesOf = (item: YamlNode, { files, lookup, issues }: Finishing): readonly YamlEntry[] => {
  const path = textOf(childAt(item, 'path')) ?? textOf(item)
  if (path === undefined) return []
  const text = files.text(path.replace(/^\.\//, ''))
  if (text === undefined) {
    if (scalarOf(childAt(item, 'required')) !== false)
      issues.push({
        code: 'compose/no-file',
        message: `There is no env file '${path}'.`,
        source: item.source,
        hint: 'Correct the path, or write it with `required: false`.',
      })
    return []
  }
  if (typeof text !== 'string') {
    issues.push(...text.map((issue) => unreadableEnv(issue, item.source)))
    return []
  }
  const parsed = parseEnvText(files.shown?.(path) ?? path, text, lookup)
  issues.push(...parsed.issues)
  return [...parsed.variables].map(([name, value]) =>
    entry(name, scalar(value, parsed.places.get(name) ?? item.source)),
  )
}

/** Takes the files of `field` into the map `into`, whose own values win. */
const withFiles = (service: YamlMap, field: string, into: string, work: Finishing): YamlMap => {
  const list = childAt(service, field)
  if (list === undefined) return service
  const variables = itemsOf(list).flatMap((item) => variablesOf(item, work))
  const own = childAt(service, into)
  const filled = under(own, mapOf(variables, list.source))
  return withEntry(without(service, field), entry(into, filled))
}

/** Variables without a value take that of the project's environment, where it has one. */
const withEnvironment = (service: YamlMap, { lookup }: Finishing): YamlMap => {
  const own = service.entries.get('environment')
  if (own?.node.kind !== 'map') return service
  const node = mapValues(own.node, ({ key, node: value }) => {
    const found = scalarOf(value) === null ? lookup(key) : undefined
    return found === undefined ? value : scalar(found, value.source)
  })
  return withEntry(service, { ...own, node })
}

/** A service in no network of its own is in the project's `default`. */
const withNetworks = (service: YamlMap): YamlMap => {
  if (service.entries.has('network_mode')) return service
  if (entriesOf(childAt(service, 'networks')).length > 0) return service
  return withEntry(
    service,
    entry('networks', mapOf([entry('default', scalar(null, service.source))], service.source)),
  )
}

const finishService = (service: YamlNode, work: Finishing): YamlNode => {
  if (service.kind !== 'map') return service
  const filled = withFiles(withFiles(service, 'env_file', 'environment', work), 'label_file', 'labels', work)
  return withNetworks(withEnvironment(filled, work))
}

const isOn = (service: YamlNode, profiles: readonly string[]): boolean => {
  const own = itemsOf(childAt(service, 'profiles')).map(textOf)
  return (
    own.length === 0 ||
    profiles.includes('*') ||
    own.some((one) => one !== undefined && profiles.includes(one))
  )
}

/** Services that depend on one that is not there or whose profile is off. */
const checkDependencies = (services: YamlMap, all: YamlMap, issues: Issue[]): void => {
  for (const { key, node } of entriesOf(services))
    for (const wanted of entriesOf(childAt(node, 'depends_on'))) {
      if (services.entries.has(wanted.key)) continue
      const isOff = all.entries.has(wanted.key)
      if (isOff && scalarOf(childAt(wanted.node, 'required')) === false) continue
      issues.push({
        code: 'compose/unknown-service',
        message: `The service '${key}' depends on '${wanted.key}', ${isOff ? 'whose profile is off' : 'which is not there'}.`,
        source: wanted.keySource,
        hint: isOff
          ? 'Turn the profile on with `--profile`, or write `required: false`.'
          : 'Correct the name.',
      })
    }
}

const kindsUsed = [
  { field: 'networks', kind: 'networks' },
  { field: 'secrets', kind: 'secrets' },
  { field: 'configs', kind: 'configs' },
] as const

const namesUsed = (
  service: YamlNode,
  field: string,
): readonly { readonly name: string; readonly node: YamlNode }[] => {
  const used = childAt(service, field)
  if (used?.kind === 'map') return entriesOf(used).map(({ key, node }) => ({ name: key, node }))
  return itemsOf(used).flatMap((node) => {
    const name = textOf(childAt(node, 'source'))
    return name === undefined ? [] : [{ name, node }]
  })
}

const volumesUsed = (service: YamlNode): readonly { readonly name: string; readonly node: YamlNode }[] =>
  itemsOf(childAt(service, 'volumes')).flatMap((node) => {
    const name = textOf(childAt(node, 'source'))
    return name === undefined || scalarOf(childAt(node, 'type')) !== 'volume' ? [] : [{ name, node }]
  })

/** Networks, volumes, secrets and configs that a service names and nothing defines. */
const checkUses = (services: YamlMap, model: YamlMap, issues: Issue[]): void => {
  for (const { key, node } of entriesOf(services)) {
    const used = kindsUsed.flatMap(({ field, kind }) =>
      namesUsed(node, field).map((one) => ({ ...one, kind })),
    )
    for (const one of [
      ...used,
      ...volumesUsed(node).map((volume) => ({ ...volume, kind: 'volumes' as const })),
    ])
      if (
        !(
          childAt(model, one.kind)?.kind === 'map' &&
          entriesOf(childAt(model, one.kind)).some((e) => e.key === one.name)
        ) &&
        one.name !== 'default'
      )
        issues.push({
          code: 'compose/undefined',
          message: `The service '${key}' names '${one.name}', which stands nowhere below '${one.kind}'.`,
          source: one.node.source,
          hint: `Define it at the top level, below \`${one.kind}:\`.`,
        })
  }
}

const checkImages = (services: YamlMap, issues: Issue[]): void => {
  for (const { key, keySource, node } of entriesOf(services))
    if (childAt(node, 'image') === undefined && childAt(node, 'build') === undefined)
      issues.push({
        code: 'compose/no-image',
        message: `The service '${key}' has no image.`,
        source: keySource,
        hint: 'Give it `image:` in one of the files.',
      })
}

/** A network that services are in by default and that nothing defines. */
const withDefault = (model: YamlMap, services: YamlMap): YamlMap => {
  const uses = entriesOf(services).some(({ node }) =>
    entriesOf(childAt(node, 'networks')).some(({ key }) => key === 'default'),
  )
  const networks = childAt(model, 'networks')
  if (!uses || childAt(networks, 'default') !== undefined) return model
  const own = networks?.kind === 'map' ? networks : mapOf([], services.source)
  return withEntry(model, entry('networks', withEntry(own, entry('default', mapFrom({}, services.source)))))
}

/**
 * The model of one run: services whose profiles are on, env and label files read, each value at its line there, names resolved, the `default` network written
 * out. Issue codes: `compose/no-file`, `compose/env-file`, `compose/unknown-service`, `compose/undefined`, `compose/no-image`.
 * Never throws.
 */
export const finishModel = (model: YamlMap, input: FinishInput): Checked<YamlMap> => {
  const work: Finishing = { ...input, issues: [] }
  const found = childAt(model, 'services')
  const all = found?.kind === 'map' ? found : mapOf([], model.source)
  const services = mapValues(all, ({ node }) =>
    isOn(node, input.profiles) ? finishService(node, work) : undefined,
  )
  checkDependencies(services, all, work.issues)
  const full = withDefault(withEntry(model, entry('services', services)), services)
  checkUses(services, full, work.issues)
  checkImages(services, work.issues)
  const named = without(full, 'version')
  return work.issues.length === 0 ? { ok: true, value: named } : { ok: false, issues: work.issues }
}
