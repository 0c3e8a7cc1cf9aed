import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Cluster } from '../cluster/schema.ts'

import { isOnCluster } from '../compile/on-cluster.ts'
import { policyIssues } from '../compile/policy.ts'
import type { Checked } from '../core/issue.ts'
import type { Loaded } from '../core/loaded.ts'
import { checkTenant } from '../load/check-tenant.ts'
import { fileKinds, kindOfFile } from '../load/file-kind.ts'
import { readTypedFile } from '../load/read-typed-file.ts'
import { validateCluster, validateTenant } from '../load/validate-file.ts'
import type { StackState } from '../model/desired-state.ts'
import type { Tenant } from '../tenant/schema.ts'
import { compiledTenant } from './compile-once.ts'
import { type Selection, selects } from './select.ts'

/** More than a reviewer's pull request touches; what touches more takes longer than what can be had early. */
const mostFiles = 4

const valuesOf = <T>(all: readonly Checked<Loaded<T>>[]): T[] =>
  all.flatMap((one) => (one.ok ? [one.value.value] : []))

const readClusters = (root: string): Cluster[] => {
  const { folder = '' } = fileKinds.cluster
  const names = readdirSync(join(root, folder)).filter((name) => name.endsWith('.ts'))
  return valuesOf(
    names.map((name) => {
      const read = readTypedFile(root, `${folder}/${name}`, 'cluster')
      return read.ok ? validateCluster(read.value) : read
    }),
  )
}

const readTenants = (root: string, files: readonly string[]): Tenant[] =>
  valuesOf(
    files.map((file) => {
      const read = readTypedFile(root, file, 'tenant')
      const valid = read.ok ? validateTenant(read.value) : read
      return valid.ok && checkTenant(valid.value).length > 0 ? { ok: false, issues: [] } : valid
    }),
  )

const isSelected = ({ clusters, organizations }: Selection, tenant: Tenant, cluster: Cluster): boolean =>
  selects(clusters, cluster.cluster) && selects(organizations, tenant.organization)

/**
 * What the stacks of a few changed tenants will most likely be, out of their own files and those of the clusters alone; none where
 * other files changed too, and none of a tenant whose own file or state has an issue. What is wrong across files is not seen.
 *
 * @throws where a folder cannot be read.
 */
export const earlyStates = (
  root: string,
  changedFiles: readonly string[],
  selection: Selection,
): readonly StackState[] => {
  const isFew = changedFiles.length > 0 && changedFiles.length <= mostFiles
  if (!isFew || changedFiles.some((file) => kindOfFile(file) !== 'tenant')) return []
  const tenants = readTenants(root, changedFiles)
  return readClusters(root).flatMap((cluster) =>
    tenants
      .filter((tenant) => isOnCluster(tenant, cluster) && isSelected(selection, tenant, cluster))
      .map((tenant) => compiledTenant(tenant, cluster))
      .filter((state) => policyIssues(state, cluster.stage).length === 0),
  )
}
