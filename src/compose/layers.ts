import { type Issue, placeText, type Source } from '../core/issue.ts'
import { type Concern, concernsOf, defaultLayerPolicy, type Layer, type LayerPolicy } from './layer-policy.ts'
import type { LoadedModel } from './load-model.ts'
import type { Replaced } from './merge.ts'
import type { LoadedPart } from './prepare.ts'
import type { YamlNode, YamlPath } from './yaml-node.ts'

/** Whose each file of the command line is: by its path, in the order of merging. */
export type Layers = ReadonlyMap<string, Layer>

/**
 * Whose the files of a command line are: the first the developers', the last the operators', those between the integrators';
 * one alone is the developers', and one that is named twice is what it is first. Never throws.
 */
export const layersOf = (paths: readonly string[]): Layers => {
  const layers = new Map<string, Layer>()
  for (const [index, path] of paths.entries()) {
    const later = index === paths.length - 1 ? 'operators' : 'integrators'
    if (!layers.has(path)) layers.set(path, index === 0 ? 'developers' : later)
  }
  return layers
}

/** A value without parts, where it stands, and what the file has there: of a part of a short form the whole. */
interface Leaf {
  readonly path: YamlPath
  readonly written: YamlPath
  readonly node: YamlNode
}

/** Whether a part was made of its whole, which the file has in a short form: a written part stands behind its key. */
const isMadeOf = (whole: YamlNode, { source }: YamlNode): boolean =>
  placeText(whole.source) === placeText(source)

const leavesOf = (node: YamlNode, path: YamlPath, written = path): readonly Leaf[] => {
  if (node.kind === 'map' && node.entries.size > 0)
    return [...node.entries.values()].flatMap((one) => {
      const below = [...path, one.key]
      return leavesOf(one.node, below, isMadeOf(node, one.node) ? written : below)
    })
  if (node.kind === 'list' && node.items.length > 0)
    return node.items.flatMap((item, index) => leavesOf(item, [...path, index]))
  return [{ path, written, node }]
}

/** Where no file is the integrators', the developers do their work. */
const rightsOf = (layer: Layer, layers: Layers, policy: LayerPolicy): readonly Concern[] => {
  const isAlone = ![...layers.values()].includes('integrators')
  const own = policy.may[layer]
  return layer === 'developers' && isAlone ? [...own, ...policy.may.integrators] : own
}

/** Whose file is named as the one to move a value to: of the first layer that may set it. */
const homeOf = (concern: Concern, layers: Layers, policy: LayerPolicy): string => {
  const owner = (['developers', 'integrators', 'operators'] as const).find((layer) =>
    policy.may[layer].includes(concern),
  )
  const file = [...layers].find(([, layer]) => layer === owner)?.[0]
  if (owner === undefined) return 'take it out: no layer may set it'
  return `move it to ${file === undefined ? `a file of the ${owner}` : `${file}, the ${owner}' file`}`
}

interface Checking {
  readonly layers: Layers
  readonly policy: LayerPolicy
  readonly concernOf: (path: YamlPath, root: YamlNode) => Concern
}

const notYours = (
  part: LoadedPart,
  { path, source }: { readonly path: YamlPath; readonly source: Source },
  { concern, layer, verb }: { readonly concern: Concern; readonly layer: Layer; readonly verb: string },
  { layers, policy }: Checking,
): Issue => ({
  code: 'compose/not-yours',
  message: `${part.file} is the ${layer}' file and ${verb} ${path.join('.')}, which is ${concern}.`,
  source,
  hint: `Take it out of ${placeText(source)}, or ${homeOf(concern, layers, policy)}.`,
})

const checkPart = (part: LoadedPart, loaded: LoadedModel, work: Checking): readonly Issue[] => {
  const layer = work.layers.get(part.file) ?? 'developers'
  const rights = rightsOf(layer, work.layers, work.policy)
  const told = (leaf: Leaf, root: YamlNode, verb: string, source: Source): readonly Issue[] => {
    const concern = work.concernOf(leaf.path, root)
    return rights.includes(concern)
      ? []
      : [notYours(part, { path: leaf.written, source }, { concern, layer, verb }, work)]
  }
  return [
    ...leavesOf(part.node, []).flatMap((leaf) => told(leaf, part.node, 'sets', leaf.node.source)),
    ...part.cleared.flatMap(({ path, source }) =>
      takenAway(loaded, path).flatMap((leaf) => told(leaf, loaded.model, 'takes away', source)),
    ),
  ]
}

/** What stood at a path before a merge tag took it away. */
const takenAway = ({ replaced }: LoadedModel, path: YamlPath): readonly Leaf[] =>
  replaced
    .filter((one) => one.kept === undefined && one.path.join('\0') === path.join('\0'))
    .flatMap((one) => leavesOf(one.lost, one.path))

/** Parts of one short form stand at one place, and are one finding. */
const keyOf = ({ code, source, message }: Issue): string =>
  `${code} ${source === undefined ? message : placeText(source)}`

/**
 * Every value that a layer's file sets, or takes away from a file before, though it is another layer's to set. What a file includes
 * or extends counts as its own. Without an integrators' file the developers may set what is theirs. Issue code: `compose/not-yours`. Never throws.
 */
export const checkLayers = (
  loaded: LoadedModel,
  layers: Layers,
  policy: LayerPolicy = defaultLayerPolicy,
): readonly Issue[] => {
  const work: Checking = { layers, policy, concernOf: concernsOf(policy) }
  const issues = loaded.parts.flatMap((part) => checkPart(part, loaded, work))
  return [...new Map(issues.map((issue) => [keyOf(issue), issue])).values()]
}

/** Whose each file is that a value may stand in: one that several include is the first one's. */
const ownersOf = (parts: readonly LoadedPart[], layers: Layers): ReadonlyMap<string, Layer> => {
  const owners = new Map(layers)
  for (const part of parts)
    for (const { node } of leavesOf(part.node, [])) {
      const { file } = node.source
      if (!owners.has(file)) owners.set(file, layers.get(part.file) ?? 'developers')
    }
  return owners
}

const tellOne = ({ path, lost, kept }: Replaced): Issue => ({
  code: 'compose/replaced',
  message:
    kept === undefined
      ? `${path.join('.')} of ${placeText(lost.source)} is taken away by a later file.`
      : `${path.join('.')} of ${placeText(lost.source)} is replaced by ${placeText(kept.source)}.`,
  source: kept?.source ?? lost.source,
  hint: 'If that is not meant, take one of the two out.',
})

/**
 * What a file says and another layer's file replaces or takes away, in the order of merging. Issue code: `compose/replaced`.
 * Never throws.
 */
export const tellReplaced = (loaded: LoadedModel, layers: Layers): readonly Issue[] => {
  const owners = ownersOf(loaded.parts, layers)
  return loaded.replaced
    .filter(
      ({ lost, kept }) => kept === undefined || owners.get(lost.source.file) !== owners.get(kept.source.file),
    )
    .map(tellOne)
}
