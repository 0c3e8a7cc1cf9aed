import type { Files } from '../git/temporary-repository.ts'
import { clusterText, nonprod, prod, tenantText } from '../load/fleet-of.ts'

/** The files of a checkout with some tenants, and both sample clusters unless others are given. */
export const fileTree = (tenants: readonly object[], clusters: readonly object[] = [nonprod, prod]): Files =>
  Object.fromEntries([
    ...clusters.map((cluster) => clusterText(cluster)).map(({ file, text }) => [file, text]),
    ...tenants.map((tenant) => tenantText(tenant)).map(({ file, text }) => [file, text]),
  ])
