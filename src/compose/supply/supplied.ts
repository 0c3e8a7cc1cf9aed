import type { Cluster } from '../../cluster/schema.ts'
import type { Amounts } from '../../compile/reservation.ts'
import type { Issue } from '../../core/issue.ts'
import type { Loaded } from '../../core/loaded.ts'
import type { Tenant } from '../../tenant/schema.ts'
import type { Replaced } from '../merge.ts'
import type { YamlMap, YamlPath } from '../yaml-node.ts'

/** For whom and where a stack is to run. */
export interface SupplyInput {
  readonly tenant: Loaded<Tenant>
  readonly cluster: Loaded<Cluster>
  /** The application of the tenant file that the stack is; undefined for one of the whole organization. */
  readonly application?: string | undefined
  /** What each service needed after its start under minimum load, by its name in the files; empty where nobody measured. */
  readonly measured: ReadonlyMap<string, Amounts>
}

/** A value that stands in Vault: whoever deploys reads it from there into a variable of that name. */
export interface VaultReference {
  /** Where in the model the variable stands. */
  readonly path: YamlPath
  /** `VAULT_PLATFORM_STORAGE_CIFS_USERNAME` */
  readonly variable: string
  /** Mount, path below it and field of a KV v2 secret. */
  readonly mount: string
  readonly secret: string
  readonly field: string
}

/** A model with what the tenant and the cluster supply. */
export interface Supplied {
  /** Every supplied value stands at the line of the tenant or cluster file that it follows from. */
  readonly model: YamlMap
  /** Supplied values that a compose file's own won over, and what was put in another's place; for `explainModel`. */
  readonly replaced: readonly Replaced[]
  /** Values at these paths are templates of `docker stack deploy` (`${…:?…}`, `$$`) and are written as they are. */
  readonly references: readonly VaultReference[]
  readonly warnings: readonly Issue[]
}
