import type { Cluster } from '../cluster/schema.ts'
import { type Checked, sortIssues } from '../core/issue.ts'
import type { Loaded } from '../core/loaded.ts'
import { checkCluster } from './check-cluster.ts'
import { fileKinds } from './file-kind.ts'
import { readTypedFile } from './read-typed-file.ts'
import { validateCluster } from './validate-file.ts'

/**
 * One cluster's file of a folder, read without running it and checked by itself: for a machine that has that file and none
 * of the tenants'.
 *
 * Issue codes: `reader/*`, `cluster/*`. Never throws.
 */
export const loadCluster = (root: string, name: string): Checked<Loaded<Cluster>> => {
  const read = readTypedFile(root, `${fileKinds.cluster.folder}/${name}.ts`, 'cluster')
  const valid = read.ok ? validateCluster(read.value) : read
  if (!valid.ok) return valid
  const issues = checkCluster(valid.value)
  return issues.length === 0 ? valid : { ok: false, issues: sortIssues(issues) }
}
