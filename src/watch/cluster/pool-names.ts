import type { PoolSubject } from './pool-subject.ts'

/** Names beyond a pool's most that are known as its own: those of VMs that were there before the most was lowered. */
const beyondMost = 100

const namesByPool = new WeakMap<PoolSubject, ReadonlySet<string>>()

/** Names are hashed where they are long, so that they are made once. */
const namesOf = (pool: PoolSubject): ReadonlySet<string> => {
  const known = namesByPool.get(pool)
  if (known !== undefined) return known
  const names = new Set(Array.from({ length: pool.rules.max + beyondMost }, (_, index) => pool.nameAt(index)))
  namesByPool.set(pool, names)
  return names
}

/** The pool whose VMs are called so; undefined where there is none. Never throws. */
export const poolOfName = (name: string, pools: readonly PoolSubject[]): PoolSubject | undefined =>
  pools.find((pool) => namesOf(pool).has(name))
