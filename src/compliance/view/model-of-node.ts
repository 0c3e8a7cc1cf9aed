import { keySourceAt, plainOf, sourceAt, type YamlNode } from '../../compose/yaml-node.ts'
import type { ComposeModel } from './compose-model.ts'

/** A tree with the place of every part as what the rules read. `files`: those that it is made of, the first one first. Never throws. */
export const modelOfNode = (node: YamlNode, files: readonly string[]): ComposeModel => ({
  files,
  value: plainOf(node),
  locate: (path) => sourceAt(node, path),
  locateKey: (path) => keySourceAt(node, path),
})
