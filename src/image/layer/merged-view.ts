import { foldersAbove, type ImagePath, joined } from './entry-path.ts'
import type { LayerContent } from './layer-content.ts'
import type { LayerNode } from './layer-node.ts'

/** What a container sees at a path, and the layer that put it there. */
export interface Seen {
  /** Where it really stands: symbolic links are followed. */
  readonly path: ImagePath
  readonly node: LayerNode
  /** Position of the layer, lowest 0. */
  readonly layer: number
}

/** Links followed before it is a loop. Source: Linux, MAXSYMLINKS. */
const mostLinks = 40

/** Of a path while it is resolved: each link may bring this many at most. */
const mostSteps = 4096

/** Whether the layer hides what lower ones have at the path. */
const hidesBelow = ({ nodes, whiteouts, opaques }: LayerContent, path: ImagePath): boolean => {
  if (whiteouts.has(path) || opaques.has('')) return true
  return foldersAbove(path).some((folder) => {
    const kind = nodes.get(folder)?.kind
    return whiteouts.has(folder) || opaques.has(folder) || (kind !== undefined && kind !== 'directory')
  })
}

const parts = (path: string): string[] => path.split('/').filter((part) => part !== '' && part !== '.')

/**
 * Layers on top of each other, as a container sees them: whiteouts and opaque folders hide what lies below, and so does
 * anything but a folder that takes a folder's place.
 *
 * Nothing is built: each question looks from the top down. Source: OCI image specification, layers. Never throws.
 */
export class MergedView {
  readonly #layers: readonly LayerContent[]

  /** @param layers lowest first. */
  constructor(layers: readonly LayerContent[]) {
    this.#layers = layers
  }

  /** What stands at the path itself: a link is not followed, folders of the path must be real ones. */
  at(path: ImagePath): Seen | undefined {
    for (let layer = this.#layers.length - 1; layer >= 0; layer--) {
      const content = this.#layers[layer]
      const node = content?.nodes.get(path)
      if (node !== undefined) return { path, node, layer }
      if (content !== undefined && hidesBelow(content, path)) return undefined
    }
    return undefined
  }

  /** Whether what the layer has at the path is what a container finds there. */
  isVisible(path: ImagePath, layer: number): boolean {
    return this.#layers
      .slice(layer + 1)
      .every((higher) => !higher.nodes.has(path) && !hidesBelow(higher, path))
  }

  /** The file or folder at the path, every symbolic link followed, hard links too; undefined where there is none or a loop. */
  find(path: string): Seen | undefined {
    const place = this.#resolved(path)
    return place === undefined ? undefined : this.#content(this.at(place))
  }

  /** Where an entry of this path comes to lie: links of its folders followed, not of itself. The path as it is where they loop. */
  placeOf(path: ImagePath): ImagePath {
    const end = path.lastIndexOf('/')
    if (end === -1) return path
    const folder = this.#resolved(path.slice(0, end))
    return folder === undefined ? path : joined(folder, path.slice(end + 1))
  }

  /** What a hard link leads to: in its own layer first, else in those below; undefined where there is nothing. */
  linked(target: string, layer: number): Seen | undefined {
    const below = new MergedView(this.#layers.slice(0, layer + 1))
    return below.find(parts(target).join('/'))
  }

  #content(seen: Seen | undefined, hops = 0): Seen | undefined {
    if (seen?.node.kind !== 'hard-link') return seen
    if (hops > mostLinks) return undefined
    const below = new MergedView(this.#layers.slice(0, seen.layer + 1))
    const target = below.placeOf(parts(seen.node.target).join('/'))
    const next = target === seen.path ? this.#belowOf(seen) : below.at(target)
    return below.#content(next, hops + 1)
  }

  /** A link to its own path can only mean what a lower layer has there. */
  #belowOf({ path, layer }: Seen): Seen | undefined {
    return new MergedView(this.#layers.slice(0, layer)).at(path)
  }

  #resolved(path: string): ImagePath | undefined {
    const open = parts(path).reverse()
    let at: string[] = []
    let links = 0
    for (let steps = 0; open.length > 0; steps++) {
      if (steps > mostSteps) return undefined
      const part = open.pop() ?? ''
      if (part === '..') {
        at.pop()
        continue
      }
      const node = this.at([...at, part].join('/'))?.node
      if (node?.kind !== 'symlink') {
        at.push(part)
        continue
      }
      if (++links > mostLinks) return undefined
      if (node.target.startsWith('/')) at = []
      open.push(...parts(node.target).reverse())
    }
    return at.join('/')
  }
}
