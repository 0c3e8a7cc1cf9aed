import { listOf, mapValues, withEntry, without } from '../make-node.ts'
import {
  childAt,
  entriesOf,
  scalarOf,
  textOf,
  type YamlEntry,
  type YamlMap,
  type YamlNode,
  type YamlPath,
} from '../yaml-node.ts'
import { withDeployForms } from './deploy-forms.ts'
import { newerApi } from './newer-api.ts'
import { stackForm } from './scalar-forms.ts'
import { externalFields, swarmFields, swarmReasons, swarmRefusals } from './swarm-fields.ts'
import { leftOut, notInSwarm, type Telling } from './telling.ts'
import { withTmpfsMounts } from './tmpfs-mounts.ts'

const topLevel = ['services', 'networks', 'volumes', 'secrets', 'configs'] as const

const resourceKinds: ReadonlySet<string> = new Set(['networks', 'volumes', 'secrets', 'configs'])

const isNull = (node: YamlNode): boolean => scalarOf(node) === null

const isExternal = (path: YamlPath, node: YamlMap): boolean =>
  path.length === 2 && resourceKinds.has(String(path[0])) && scalarOf(childAt(node, 'external')) === true

/** Profiles have been applied, and fields that begin with `x-` are remarks. */
const isSilent = (path: YamlPath, key: string): boolean =>
  key.startsWith('x-') || (path.length === 2 && path[0] === 'services' && key === 'profiles')

const tellLeftOut = (path: YamlPath, { key, keySource }: YamlEntry, telling: Telling): void => {
  const at = [...path, key]
  const refusal = swarmRefusals.find(at)
  if (refusal !== undefined) telling.issue(notInSwarm(at, keySource, refusal.why, refusal.hint))
  else if (!isSilent(path, key))
    telling.warning(leftOut(at, keySource, swarmReasons.find(at) ?? '`docker stack deploy` does not know it'))
}

/** Kept, because the checks of a stack ask for it, but the engine's own default is what holds. */
const tellIgnored = (path: YamlPath, { key, keySource }: YamlEntry, { warning }: Telling): void => {
  if (path.length !== 2 || path[0] !== 'services' || key !== 'security_opt') return
  warning({
    code: 'compose/ignored',
    message: `${[...path, key].join('.')} stays in the stack, and \`docker stack deploy\` ignores it.`,
    source: keySource,
    hint: 'Have the engines of the nodes set it for every container: `no-new-privileges` in daemon.json.',
  })
}

/** What is empty or says `false` loses nothing by being left out. */
const saysNothing = ({ node }: YamlEntry): boolean => {
  if (node.kind === 'map') return node.entries.size === 0
  if (node.kind === 'list') return node.items.length === 0
  return node.value === null || node.value === false
}

/** Of a field that is kept. */
const tellKept = (path: YamlPath, one: YamlEntry, telling: Telling): void => {
  tellIgnored(path, one, telling)
  const newer = saysNothing(one) ? undefined : newerApi(path, one)
  if (newer !== undefined) telling.warning(newer)
}

const knownPart = (path: YamlPath, node: YamlMap, telling: Telling): YamlMap => {
  const known = isExternal(path, node) ? externalFields : swarmFields.find(path)
  if (known === undefined) return node
  return mapValues(node, (one) => {
    if (known.has(one.key)) {
      tellKept(path, one, telling)
      return one.node
    }
    if (!saysNothing(one)) tellLeftOut(path, one, telling)
    return undefined
  })
}

/** Parts that mean something when they are empty: a network that a service joins, a network of defaults. */
const mayBeNull = (path: YamlPath): boolean =>
  (path.length === 2 && resourceKinds.has(String(path[0]))) ||
  (path.length === 4 && path[2] === 'networks') ||
  path[2] === 'driver_opts'

const unsetVariable = (path: YamlPath, one: YamlEntry, telling: Telling): undefined => {
  telling.warning({
    code: 'compose/unset-variable',
    message: `${path.join('.')} has no value here; the stack is written without it.`,
    source: one.keySource,
    hint: 'Give it a value: with none, it would be that of whoever deploys the stack.',
  })
}

const fitEntry = (path: YamlPath, one: YamlEntry, telling: Telling): YamlNode | undefined => {
  const at = [...path, one.key]
  if (!isNull(one.node) || mayBeNull(at)) return fitNode(one.node, at, telling)
  return path.length === 3 && path[2] === 'environment' ? unsetVariable(at, one, telling) : undefined
}

const fitNode = (node: YamlNode, path: YamlPath, telling: Telling): YamlNode => {
  const own = stackForm(node, path, telling)
  if (own.kind === 'scalar') return own
  if (own.kind === 'list') {
    const items = own.items.map((item, index) => fitNode(item, [...path, index], telling))
    return listOf(items, own.source)
  }
  return mapValues(knownPart(path, own, telling), (one) => fitEntry(path, one, telling))
}

const unnamed = (model: YamlMap, { warning }: Telling): YamlMap => {
  const own = model.entries.get('name')
  if (own !== undefined)
    warning({
      code: 'compose/left-out',
      message: `name is left out of the stack: a stack gets its name from who deploys it.`,
      source: own.keySource,
      hint: `Deploy it as \`docker stack deploy --compose-file <file> ${textOf(own.node) ?? '<name>'}\`.`,
    })
  return without(model, 'name')
}

const onlyKnown = (model: YamlMap, telling: Telling): YamlMap =>
  mapValues(model, (one) => {
    if (topLevel.some((key) => key === one.key)) return one.node
    if (!saysNothing(one)) tellLeftOut([], one, telling)
    return undefined
  })

const withImages = (services: YamlMap, { issue }: Telling): void => {
  for (const { key, keySource, node } of entriesOf(services))
    if (childAt(node, 'image') === undefined)
      issue(
        notInSwarm(
          ['services', key],
          keySource,
          'it has no image, and a stack builds none',
          'Push what `build` makes to the registry, and name it with `image:`.',
        ),
      )
}

/** Parts of which nothing is left. */
const withoutEmpty = (model: YamlMap): YamlMap =>
  mapValues(model, ({ node }) => (node.kind === 'map' && node.entries.size === 0 ? undefined : node))

/**
 * A finished model as Swarm takes it: limits, scale and restart policy below `deploy`, `tmpfs` among the volumes, what Swarm has no place for left out and
 * told, what would change its meaning refused. Fitting what is fitted changes nothing.
 *
 * Issue codes: `compose/not-in-swarm`; of warnings `compose/left-out`, `compose/ignored`, `compose/newer-api`,
 * `compose/unset-variable`. Never throws.
 */
export const fitSwarm = (model: YamlMap, telling: Telling): YamlMap => {
  const known = onlyKnown(unnamed(model, telling), telling)
  const services = known.entries.get('services')
  if (services?.node.kind !== 'map') return withoutEmpty(known)
  withImages(services.node, telling)
  const deployed = mapValues(services.node, ({ key, node }) =>
    withTmpfsMounts(withDeployForms(node), ['services', key], telling),
  )
  const fitted = fitNode(withEntry(known, { ...services, node: deployed }), [], telling)
  return fitted.kind === 'map' ? withoutEmpty(fitted) : known
}
