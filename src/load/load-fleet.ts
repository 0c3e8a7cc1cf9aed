import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Cluster } from '../cluster/schema.ts'
import { type Checked, compareText, type Issue, sortIssues } from '../core/issue.ts'
import type { Loaded } from '../core/loaded.ts'
import type { Tenant } from '../tenant/schema.ts'
import { checkCluster } from './check-cluster.ts'
import { checkFleet } from './check-fleet.ts'
import { checkTenant } from './check-tenant.ts'
import { checkUnique } from './check-unique.ts'
import type { Fleet } from './fleet.ts'
import { type FileKind, parseTypedFile, readTypedText } from './read-typed-file.ts'
import { validateCluster, validateTenant } from './validate-file.ts'

/** A typed file's path, relative to the checkout, and its text. */
export interface TypedText {
  readonly file: string
  readonly text: string
}

const folders: Readonly<Record<FileKind, string>> = { tenant: 'tenants', cluster: 'stacks' }

/** How one kind of file becomes something that can be checked against others. */
interface Steps<T> {
  readonly kind: FileKind
  readonly validate: (loaded: Loaded<unknown>) => Checked<Loaded<T>>
  readonly check: (loaded: Loaded<T>) => Issue[]
  readonly nameOf: (value: T) => string
  /** The field that holds the name. */
  readonly nameField: string
}

const tenantSteps: Steps<Tenant> = {
  kind: 'tenant',
  validate: validateTenant,
  check: checkTenant,
  nameOf: ({ organization }) => organization,
  nameField: 'organization',
}

const clusterSteps: Steps<Cluster> = {
  kind: 'cluster',
  validate: validateCluster,
  check: checkCluster,
  nameOf: ({ cluster }) => cluster,
  nameField: 'cluster',
}

/** The files of one kind as far as they can be understood, sorted by name, and everything that is wrong with them. */
interface Understood<T> {
  readonly files: readonly Loaded<T>[]
  readonly issues: readonly Issue[]
}

const understandOne = <T>(
  loaded: Loaded<unknown>,
  { validate, check }: Steps<T>,
): { readonly file?: Loaded<T>; readonly issues: readonly Issue[] } => {
  const valid = validate(loaded)
  return valid.ok ? { file: valid.value, issues: check(valid.value) } : { issues: valid.issues }
}

const understand = <T>(texts: readonly TypedText[], steps: Steps<T>): Understood<T> => {
  const read = texts.map(({ file, text }) => parseTypedFile(file, text, steps.kind))
  const parsed = read.flatMap((one) => (one.ok ? [one.value] : []))
  const understood = parsed.map((loaded) => understandOne(loaded, steps))
  return {
    files: inOrder(
      understood.flatMap(({ file }) => (file === undefined ? [] : [file])),
      steps.nameOf,
    ),
    issues: [
      ...read.flatMap((one) => (one.ok ? [] : one.issues)),
      ...understood.flatMap(({ issues }) => issues),
      ...checkUnique(parsed, steps.kind, steps.nameField),
    ],
  }
}

/** Sorted by name; of two with one name the first by file stays. */
const inOrder = <T>(files: readonly Loaded<T>[], nameOf: (value: T) => string): Loaded<T>[] => {
  const byFile = [...files].sort((a, b) => compareText(a.file, b.file))
  const byName = new Map<string, Loaded<T>>()
  for (const file of byFile) if (!byName.has(nameOf(file.value))) byName.set(nameOf(file.value), file)
  return [...byName.values()].sort((a, b) => compareText(nameOf(a.value), nameOf(b.value)))
}

const kindOf = (file: string): FileKind =>
  file.split('/').slice(0, -1).includes(folders.cluster) ? 'cluster' : 'tenant'

const noClusters: Issue = {
  code: 'fleet/no-clusters',
  message: `There is no cluster file in ${folders.cluster}/.`,
  hint: `Describe one in ${folders.cluster}/<cluster>.ts with defineCluster.`,
}

/**
 * A fleet out of texts, whatever their order; files below a folder `stacks` are clusters', all others tenants'.
 *
 * Issue codes: `reader/*`, `tenant/*`, `cluster/*`, `fleet/*`; all at once, sorted. Where a cluster file is wrong, what tenants
 * ask of clusters is not looked at. Never throws.
 */
export const parseFleet = (texts: readonly TypedText[]): Checked<Fleet> => {
  const tenants = understand(
    texts.filter(({ file }) => kindOf(file) === 'tenant'),
    tenantSteps,
  )
  const clusters = understand(
    texts.filter(({ file }) => kindOf(file) === 'cluster'),
    clusterSteps,
  )
  return together(tenants, clusters)
}

const together = (tenants: Understood<Tenant>, clusters: Understood<Cluster>): Checked<Fleet> => {
  const fleet: Fleet = { tenants: tenants.files, clusters: clusters.files }
  const canCheck = clusters.issues.length === 0 && clusters.files.length > 0
  const issues = [
    ...tenants.issues,
    ...clusters.issues,
    ...(clusters.issues.length === 0 && clusters.files.length === 0 ? [noClusters] : []),
    ...(canCheck ? checkFleet(fleet) : []),
  ]
  return issues.length === 0 ? { ok: true, value: fleet } : { ok: false, issues: sortIssues(issues) }
}

/** Names of files that look like typed files and would be missed. */
const lookalike = /\.(?:[cm]js|jsx?|[cm]ts|tsx)$/

const missedFile = (folder: string, name: string): Issue => ({
  code: 'fleet/not-a-typed-file',
  message: `${folder}/${name} is not read: typed files stand in ${folder}/ itself and end in .ts.`,
  source: { file: `${folder}/${name}`, line: 1, column: 1 },
  hint: `Move it to ${folder}/<name>.ts, or out of the folder.`,
})

interface Listing {
  readonly files: readonly string[]
  readonly issues: readonly Issue[]
}

const listFolder = (root: string, folder: string): Listing => {
  const entries = readdirSync(join(root, folder), { withFileTypes: true })
  const missed = entries.filter((entry) => entry.isDirectory() || lookalike.test(entry.name))
  return {
    files: entries
      .filter((entry) => !entry.isDirectory() && entry.name.endsWith('.ts'))
      .map(({ name }) => `${folder}/${name}`)
      .sort(compareText),
    issues: missed.map(({ name }) => missedFile(folder, name)),
  }
}

const missingFolder = (root: string, folder: string): Issue => ({
  code: 'fleet/no-folder',
  message: `There is no folder ${folder}/ in ${root}.`,
  hint: 'Run the command in a checkout of the platform, or name it with --root.',
})

const listTyped = (root: string, folder: string): Listing => {
  try {
    return listFolder(root, folder)
  } catch {
    return { files: [], issues: [missingFolder(root, folder)] }
  }
}

const readTexts = (root: string, { files, issues }: Listing): { texts: TypedText[]; issues: Issue[] } => {
  const texts: TypedText[] = []
  const found = [...issues]
  for (const file of files) {
    const text = readTypedText(root, file)
    if (text.ok) texts.push({ file, text: text.value })
    else found.push(...text.issues)
  }
  return { texts, issues: found }
}

/**
 * Every tenant of `tenants/` and cluster of `stacks/` in a checkout, read without running a file, checked one by one and
 * together. Does not depend on the order of directories.
 *
 * Issue codes: those of `parseFleet`, and of reading the files. Never throws.
 */
export const loadFleet = async (root: string): Promise<Checked<Fleet>> => {
  const tenants = readTexts(root, listTyped(root, folders.tenant))
  const clusters = readTexts(root, listTyped(root, folders.cluster))
  const understoodTenants = understand(tenants.texts, tenantSteps)
  const understoodClusters = understand(clusters.texts, clusterSteps)
  return together(
    { files: understoodTenants.files, issues: [...tenants.issues, ...understoodTenants.issues] },
    { files: understoodClusters.files, issues: [...clusters.issues, ...understoodClusters.issues] },
  )
}
