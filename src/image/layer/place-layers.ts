import { folderOf, foldersAbove, type ImagePath } from './entry-path.ts'
import type { LayerContent, Suspect } from './layer-content.ts'
import { MergedView } from './merged-view.ts'

const addSymlinks = (all: Set<ImagePath>, { nodes }: LayerContent): void => {
  for (const [path, node] of nodes) if (node.kind === 'symlink') all.add(path)
}

/** Tells of a path whether it goes through any link; asked for the same folder many times in a row. */
const throughAny = (symlinks: ReadonlySet<ImagePath>): ((path: ImagePath) => boolean) => {
  let [lastFolder, lastAnswer]: [ImagePath | undefined, boolean] = [undefined, false]
  return (path) => {
    const folder = folderOf(path)
    if (folder === lastFolder) return lastAnswer
    lastFolder = folder
    lastAnswer =
      folder !== '' && (symlinks.has(folder) || foldersAbove(folder).some((one) => symlinks.has(one)))
    return lastAnswer
  }
}

const moved = <T>(
  from: Iterable<readonly [ImagePath, T]>,
  placeOf: (path: ImagePath) => ImagePath,
): Map<ImagePath, T> => {
  const map = new Map<ImagePath, T>()
  for (const [path, value] of from) map.set(placeOf(path), value)
  return map
}

const pairs = (paths: ReadonlySet<ImagePath>): (readonly [ImagePath, true])[] =>
  [...paths].map((path) => [path, true])

const placed = (layer: LayerContent, placeOf: (path: ImagePath) => ImagePath): LayerContent => {
  const suspects: Suspect[] = layer.suspects.map((one) => ({ ...one, path: placeOf(one.path) }))
  return {
    ...layer,
    suspects,
    nodes: moved(layer.nodes, placeOf),
    whiteouts: new Set(moved(pairs(layer.whiteouts), placeOf).keys()),
    opaques: new Set(moved(pairs(layer.opaques), (path) => (path === '' ? '' : placeOf(path))).keys()),
  }
}

/**
 * Layers whose entries stand where unpacking puts them: one that is written through a symbolic link of its own or of a lower
 * layer lies behind that link. Layers without such entries are the same objects. Never throws.
 *
 * @param layers lowest first.
 */
export const placeLayers = (layers: readonly LayerContent[]): LayerContent[] => {
  const symlinks = new Set<ImagePath>()
  const done: LayerContent[] = []
  for (const layer of layers) {
    addSymlinks(symlinks, layer)
    const isThrough = throughAny(symlinks)
    const hasAny = [layer.nodes.keys(), layer.whiteouts, layer.opaques].some((paths) =>
      [...paths].some(isThrough),
    )
    const view = new MergedView([...done, layer])
    done.push(hasAny ? placed(layer, (path) => (isThrough(path) ? view.placeOf(path) : path)) : layer)
  }
  return done
}
