import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Cluster } from '../cluster/schema.ts'
import { type Checked, compareText, type Issue, sortIssues } from '../core/issue.ts'
import type { Loaded } from '../core/loaded.ts'
import { atOnce, eachOf, inTurns, type Work } from '../core/work.ts'
import type { Tenant } from '../tenant/schema.ts'
import { checkCluster } from './check-cluster.ts'
import { checkExceptions, checkExpiry } from './check-exceptions.ts'
import { checkFleet } from './check-fleet.ts'
import { checkTenant } from './check-tenant.ts'
import { checkUnique } from './check-unique.ts'
import { type FileKind, fileKinds, kindOfFile } from './file-kind.ts'
import type { Fleet } from './fleet.ts'
import { parseTypedFile, readTypedText } from './read-typed-file.ts'
import {
  validateCluster,
  validateCompliance,
  validateFleetSettings,
  validateHold,
  validateOverride,
  validateTenant,
  validateWaiver,
} from './validate-file.ts'

/** A typed file's path, relative to the checkout, and its text. */
export interface TypedText {
  readonly file: string
  readonly text: string
}

/** How one kind of file becomes something that can be checked against others. */
interface Steps<T> {
  readonly kind: FileKind
  readonly validate: (loaded: Loaded<unknown>) => Checked<Loaded<T>>
  readonly check: (loaded: Loaded<T>) => Issue[]
  readonly nameOf: (loaded: Loaded<T>) => string
  /** The field that holds the name, and of which there is one in all files. */
  readonly nameField?: string
}

const tenantSteps: Steps<Tenant> = {
  kind: 'tenant',
  validate: validateTenant,
  check: checkTenant,
  nameOf: ({ value }) => value.organization,
  nameField: 'organization',
}

const clusterSteps: Steps<Cluster> = {
  kind: 'cluster',
  validate: validateCluster,
  check: checkCluster,
  nameOf: ({ value }) => value.cluster,
  nameField: 'cluster',
}

/** Files that are called what they are and say no name of their own. */
const byFile = <T>(kind: FileKind, validate: Steps<T>['validate']): Steps<T> => ({
  kind,
  validate,
  check: () => [],
  nameOf: ({ file }) => file,
})

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

function* understand<T>(texts: readonly TypedText[], steps: Steps<T>): Work<Understood<T>> {
  const read = yield* eachOf(texts, ({ file, text }) => parseTypedFile(file, text, steps.kind))
  const parsed = read.flatMap((one) => (one.ok ? [one.value] : []))
  const understood = yield* eachOf(parsed, (loaded) => understandOne(loaded, steps))
  return {
    files: inOrder(
      understood.flatMap(({ file }) => (file === undefined ? [] : [file])),
      steps.nameOf,
    ),
    issues: [
      ...read.flatMap((one) => (one.ok ? [] : one.issues)),
      ...understood.flatMap(({ issues }) => issues),
      ...(steps.nameField === undefined ? [] : checkUnique(parsed, steps.kind, steps.nameField)),
    ],
  }
}

/** Sorted by name; of two with one name the first by file stays. */
const inOrder = <T>(files: readonly Loaded<T>[], nameOf: (loaded: Loaded<T>) => string): Loaded<T>[] => {
  const sorted = [...files].sort((a, b) => compareText(a.file, b.file))
  const byName = new Map<string, Loaded<T>>()
  for (const file of sorted) if (!byName.has(nameOf(file))) byName.set(nameOf(file), file)
  return [...byName.values()].sort((a, b) => compareText(nameOf(a), nameOf(b)))
}

const noClusters: Issue = {
  code: 'fleet/no-clusters',
  message: `There is no cluster file in ${fileKinds.cluster.folder}/.`,
  hint: `Describe one in ${fileKinds.cluster.folder}/<cluster>.ts with defineCluster.`,
}

/** What is read, by kind. */
interface Gathered {
  readonly texts: readonly TypedText[]
  /** What went wrong on the way to the texts. */
  readonly issues: readonly Issue[]
}

const gatheredOf = (texts: readonly TypedText[]): ((kind: FileKind) => Gathered) => {
  const byKind = new Map<FileKind, TypedText[]>()
  for (const text of texts) {
    const kind = kindOfFile(text.file)
    byKind.set(kind, [...(byKind.get(kind) ?? []), text])
  }
  return (kind) => ({ texts: byKind.get(kind) ?? [], issues: [] })
}

function* part<T>(gathered: (kind: FileKind) => Gathered, steps: Steps<T>): Work<Understood<T>> {
  const { texts, issues } = gathered(steps.kind)
  const understood = yield* understand(texts, steps)
  return { files: understood.files, issues: [...issues, ...understood.issues] }
}

function* together(gathered: (kind: FileKind) => Gathered, now: Date | undefined): Work<Checked<Fleet>> {
  const tenants = yield* part(gathered, tenantSteps)
  const clusters = yield* part(gathered, clusterSteps)
  const settings = yield* part(gathered, byFile('fleet', validateFleetSettings))
  const policies = yield* part(gathered, byFile('compliance', validateCompliance))
  const overrides = yield* part(gathered, byFile('override', validateOverride))
  const holds = yield* part(gathered, byFile('hold', validateHold))
  const waivers = yield* part(gathered, byFile('waiver', validateWaiver))
  const fleet: Fleet = {
    tenants: tenants.files,
    clusters: clusters.files,
    settings: settings.files[0],
    policy: policies.files[0],
    overrides: overrides.files,
    holds: holds.files,
    waivers: waivers.files,
  }
  const canCheck = clusters.issues.length === 0 && clusters.files.length > 0
  const issues = [
    ...[tenants, clusters, settings, policies, overrides, holds, waivers].flatMap((one) => one.issues),
    ...(clusters.issues.length === 0 && clusters.files.length === 0 ? [noClusters] : []),
    ...(canCheck ? checkFleet(fleet) : []),
    ...(canCheck && tenants.issues.length === 0 ? checkExceptions(fleet) : []),
    ...(now === undefined ? [] : checkExpiry(fleet, now)),
  ]
  return issues.length === 0 ? { ok: true, value: fleet } : { ok: false, issues: sortIssues(issues) }
}

/**
 * A fleet out of texts, whatever their order: files of a kind by their folder (`stacks`, `overrides`, `holds`, `waivers`), `fleet.ts` and `compliance.ts` by
 * their names, all others tenants'. Overrides, holds and waivers are held against their ends where a moment is given.
 *
 * Issue codes: `reader/*`, `tenant/*`, `cluster/*`, `override/*`, `hold/*`, `waiver/*`, `fleet/*`, `compliance/*`; all at once, sorted. Where a cluster file is
 * wrong, what tenants ask of clusters is not looked at. Never throws.
 */
export const parseFleet = (texts: readonly TypedText[], now?: Date): Checked<Fleet> =>
  atOnce(together(gatheredOf(texts), now))

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

/** A link that leads nowhere is there: reading it says what is wrong. */
const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined

const listTyped = (root: string, kind: FileKind): Listing => {
  const { folder, file, optional } = fileKinds[kind]
  if (file !== undefined) return { files: isThere(join(root, file)) ? [file] : [], issues: [] }
  if (folder === undefined) return { files: [], issues: [] }
  try {
    return listFolder(root, folder)
  } catch (error) {
    const missing = optional && (error as { code?: unknown }).code === 'ENOENT'
    return { files: [], issues: missing ? [] : [missingFolder(root, folder)] }
  }
}

const readTexts = (root: string, { files, issues }: Listing): Gathered => {
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
 * Every typed file of a checkout (`tenants/`, `stacks/`, and where they are there `fleet.ts`, `compliance.ts`, `overrides/`, `holds/`, `waivers/`), read
 * without running one, checked one by one and together; overrides, holds and waivers against their ends, unless `now` is null. Does not
 * depend on the order of directories. What else this process is at gets its turns meanwhile.
 *
 * Issue codes: those of `parseFleet`, and of reading the files. Never throws.
 */
export const loadFleet = async (
  root: string,
  now: (() => Date) | null = () => new Date(),
): Promise<Checked<Fleet>> => inTurns(together((kind) => readTexts(root, listTyped(root, kind)), now?.()))
