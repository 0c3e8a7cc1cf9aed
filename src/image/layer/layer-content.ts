import type { ImagePath } from './entry-path.ts'
import type { LayerNode } from './layer-node.ts'

/** A node that may be a way to root, whether or not a later entry of the same layer takes its place. */
export interface Suspect {
  readonly path: ImagePath
  readonly node: LayerNode
  /** Whether the layer itself has another entry at this path afterwards. */
  readonly isReplaced: boolean
}

/** What one layer says, before it lies on others. */
export interface LayerContent {
  /** By path; what the layer has last there. */
  readonly nodes: ReadonlyMap<ImagePath, LayerNode>
  /** Paths that lower layers have no more. */
  readonly whiteouts: ReadonlySet<ImagePath>
  /** Folders of which lower layers show nothing; the empty path is the root. */
  readonly opaques: ReadonlySet<ImagePath>
  readonly suspects: readonly Suspect[]
  readonly entries: number
  readonly pathBytes: number
  /** What of it could not be placed, each a sentence; the first of many. */
  readonly oddities: readonly string[]
}
