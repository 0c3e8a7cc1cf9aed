import { sha256 } from '../core/canonical.ts'
import { overlaps, type Subnet } from './subnet.ts'

interface NamedBlock {
  /** What the block is cut from. */
  readonly space: Subnet
  /** Addresses of the block, a power of two. */
  readonly size: number
  /** What alone decides where the block lies. */
  readonly name: string
  /** What the block may not touch. */
  readonly avoid: readonly Subnet[]
}

/** 48 bits of the name's hash: exact as a JavaScript number. */
const hashOf = (name: string): number => Number.parseInt(sha256(name).slice(0, 12), 16)

/**
 * An aligned block out of a space, derived from a name and nothing else, so that it never moves when others
 * come and go: the block at hash(name) modulo their number, or the next one that touches nothing it may not.
 *
 * Two names can get the same block; whoever reads all files reports that. Undefined where no block is free
 * of `avoid`. Never throws.
 */
export const namedBlock = ({ space, size, name, avoid }: NamedBlock): Subnet | undefined => {
  const count = Math.floor(space.size / size)
  const start = count === 0 ? 0 : hashOf(name) % count
  for (let step = 0; step < count; step += 1) {
    const block = { first: space.first + ((start + step) % count) * size, size }
    if (!avoid.some((other) => overlaps(other, block))) return block
  }
  return undefined
}
