import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cluster } from '../cluster/schema.ts'
import { hostnameOf, type NodePool } from '../compile/node-pool.ts'
import { dedicatedPool, platformPools } from '../compile/nodes.ts'
import { isOnCluster } from '../compile/on-cluster.ts'
import { platformStack } from '../compile/stack-name.ts'
import { tenantScope } from '../compile/tenant-scope.ts'
import { Fault } from '../core/fault.ts'
import { placeText } from '../core/issue.ts'
import type { Fleet } from '../load/fleet.ts'
import { loadFleet } from '../load/load-fleet.ts'
import { poolRules } from '../watch/cluster/pool-rules.ts'
import type { PoolSubject } from '../watch/cluster/pool-subject.ts'

/** A pool that is watched, and what its VMs are compiled from. */
export interface WatchedNodePool {
  readonly subject: PoolSubject
  readonly pool: NodePool
}

const watchedPool = (stack: string, pool: NodePool): WatchedNodePool => ({
  pool,
  subject: {
    id: `${stack}/${pool.name}`,
    stack,
    name: pool.name,
    rules: poolRules(pool.cluster, pool),
    collection: pool.collection,
    nameAt: (index) => hostnameOf(pool, index),
  },
})

/** Every pool of a cluster: its own, then the organizations', by name. Pure. */
export const poolsOf = (
  { tenants }: Pick<Fleet, 'tenants'>,
  cluster: Cluster,
): readonly WatchedNodePool[] => [
  ...platformPools(cluster).map((pool) => watchedPool(platformStack(cluster.cluster), pool)),
  ...tenants
    .filter(({ value }) => isOnCluster(value, cluster))
    .flatMap(({ value }) => {
      const scope = tenantScope(value, cluster)
      const pool = scope.lifecycle === 'archived' ? undefined : dedicatedPool(scope)
      return pool === undefined ? [] : [watchedPool(scope.stack, pool)]
    }),
]

/** What the files of a checkout look like from outside: another one, or one written since, gives another text. */
const stampOf = async (root: string): Promise<string> => {
  const stamps: string[] = []
  for (const folder of ['tenants', 'stacks', 'overrides', 'holds'])
    for (const name of await readdir(join(root, folder)).catch(() => [])) {
      if (!name.endsWith('.ts')) continue
      const found = await stat(join(root, folder, name)).catch(() => undefined)
      stamps.push(`${folder}/${name} ${found?.mtimeMs} ${found?.size}`)
    }
  return stamps.sort().join('\n')
}

/** The pools as the files of a checkout say, read again once one of them has changed. */
export class PoolFiles {
  readonly #root: string
  readonly #cluster: string
  readonly #onIssues: (sentences: readonly string[]) => void
  #stamp = ''
  #pools: readonly WatchedNodePool[] | undefined
  #value: Cluster | undefined

  constructor(root: string, cluster: string, onIssues: (sentences: readonly string[]) => void) {
    this.#root = root
    this.#cluster = cluster
    this.#onIssues = onIssues
  }

  /** The cluster's file; known once the pools were read. */
  get cluster(): Cluster {
    if (this.#value === undefined) throw new Error('the pools were not read yet')
    return this.#value
  }

  /**
   * The pools now; those of before where the files have issues since, which are told once.
   *
   * @throws {Fault} `invalid-request` where they have issues from the start, or there is no such cluster.
   */
  async read(): Promise<readonly WatchedNodePool[]> {
    const stamp = await stampOf(this.#root)
    if (this.#pools !== undefined && stamp === this.#stamp) return this.#pools
    this.#stamp = stamp
    const fleet = await loadFleet(this.#root)
    const found = fleet.ok
      ? fleet.value.clusters.find(({ value }) => value.cluster === this.#cluster)
      : undefined
    if (fleet.ok && found !== undefined) {
      this.#value = found.value
      this.#pools = poolsOf(fleet.value, found.value)
      return this.#pools
    }
    const sentences = fleet.ok
      ? [`There is no file stacks/${this.#cluster}.ts.`]
      : fleet.issues.map(
          ({ message, source }) => `${source === undefined ? '' : `${placeText(source)} `}${message}`,
        )
    this.#onIssues(sentences)
    if (this.#pools !== undefined) return this.#pools
    throw new Fault(
      'invalid-request',
      `The files of ${this.#cluster} cannot be watched by: ${sentences.join(' ')}`,
      {
        details: { hint: 'Run `tenantry validate`.' },
      },
    )
  }
}
