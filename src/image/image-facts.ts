import type {
  DefaultUser,
  FactGap,
  ImageConfiguration,
  ImageFacts,
  LayerFacts,
  MalwareFacts,
} from '../compliance/image-facts.ts'
import { compareText } from '../core/issue.ts'
import { type Account, type AccountGroup, parseAccounts, parseGroups, resolveUser } from './accounts.ts'
import { type Configuration, platformText } from './documents.ts'
import type { ImageParts, ReadLayer } from './image-parts.ts'
import { shownPath } from './layer/entry-path.ts'
import type { LayerContent } from './layer/layer-content.ts'
import { MergedView } from './layer/merged-view.ts'
import { placeLayers } from './layer/place-layers.ts'
import type { MalwareScanner } from './malware/scanner.ts'
import { rootPathsOf } from './root-paths.ts'

const longestCreatedBy = 200

const nothing: LayerContent = {
  nodes: new Map(),
  whiteouts: new Set(),
  opaques: new Set(),
  suspects: [],
  entries: 0,
  pathBytes: 0,
  oddities: [],
}

const createdBy = ({ history }: Configuration): (string | undefined)[] =>
  (history ?? [])
    .filter(({ empty_layer }) => empty_layer !== true)
    .map(({ created_by }) => created_by ?? undefined)

const layerFacts = (read: ReadLayer, diffId: string, line: string | undefined): LayerFacts => {
  const told = line === undefined || line === '' ? {} : { createdBy: line.slice(0, longestCreatedBy) }
  if (read.layer === undefined)
    return { digest: read.digest, diffId, storedBytes: read.storedBytes, tarBytes: 0, entries: 0, ...told }
  const { storedDigest, storedBytes, tarBytes, content } = read.layer
  return { digest: storedDigest, diffId, storedBytes, tarBytes, entries: content.entries, ...told }
}

/** What an account file says, or why that is not known. */
type AccountFile = { readonly text: string } | { readonly text: undefined; readonly reason?: string }

const accountFile = (view: MergedView, path: string): AccountFile => {
  const seen = view.find(path)
  if (seen === undefined || seen.node.kind !== 'file') return { text: undefined }
  if (seen.node.content !== undefined) return { text: seen.node.content }
  return {
    text: undefined,
    reason: `/${path} is ${shownPath(seen.path)}, which is too large or of another form than a list of accounts`,
  }
}

interface Accounts {
  readonly accounts: readonly Account[]
  readonly groups: readonly AccountGroup[]
  readonly gaps: readonly FactGap[]
}

const accountsIn = (view: MergedView): Accounts => {
  const passwd = accountFile(view, 'etc/passwd')
  const group = accountFile(view, 'etc/group')
  const reasons = [passwd, group].flatMap((file) =>
    'reason' in file && file.reason !== undefined ? [file.reason] : [],
  )
  return {
    accounts: parseAccounts(passwd.text ?? ''),
    groups: parseGroups(group.text ?? ''),
    gaps: reasons.map((reason) => ({
      about: 'user',
      reason: `${reason}; so names cannot be resolved for sure.`,
    })),
  }
}

const layerGaps = (layers: readonly ReadLayer[]): FactGap[] =>
  layers.flatMap((read, layer): FactGap[] => {
    if (read.layer === undefined) return [{ about: 'layer', layer, reason: read.reason }]
    return read.layer.content.oddities.map((oddity) => ({
      about: 'layer',
      layer,
      reason: `An entry of layer ${layer + 1} is not as image builders make them: ${oddity}.`,
    }))
  })

const isWhole = (layers: readonly ReadLayer[]): boolean => layers.every(({ layer }) => layer !== undefined)

const userOf = (
  declared: string,
  known: Accounts,
  isSure: boolean,
): { user: DefaultUser; gaps: FactGap[] } => {
  const user = { declared, ...resolveUser(declared, known) }
  const isName = user.uid !== 0 && !/^[+-]?\d+(:|$)/.test(declared)
  if (isSure || !isName) return { user, gaps: [] }
  const reason = `Who ${JSON.stringify(declared)} is, is not sure: a layer was not read, and may hold another /etc/passwd.`
  return { user: { declared }, gaps: [{ about: 'user', reason }] }
}

const configurationFacts = ({ config }: Configuration): ImageConfiguration => {
  const test = config?.Healthcheck?.Test ?? []
  return {
    environment: config?.Env ?? [],
    labels: config?.Labels ?? {},
    entrypoint: config?.Entrypoint ?? [],
    command: config?.Cmd ?? [],
    healthCheck: test.length > 0 && test[0] !== '' && test[0] !== 'NONE',
    exposedPorts: Object.keys(config?.ExposedPorts ?? {}).sort(compareText),
    volumes: Object.keys(config?.Volumes ?? {}).sort(compareText),
  }
}

type Scanned = Extract<MalwareFacts, { state: 'scanned' }>

const malwareIn = (
  view: MergedView,
  read: ReadLayer,
  layer: number,
): Pick<Scanned, 'filesScanned' | 'findings' | 'skipped'> => {
  if (read.layer?.malware === undefined)
    return {
      filesScanned: 0,
      findings: [],
      skipped: [{ path: '/', layer, reason: 'The layer was not read.' }],
    }
  const { filesScanned, findings, skipped } = read.layer.malware
  return {
    filesScanned,
    findings: findings.map(({ path, signature }) => ({
      path: shownPath(path),
      layer,
      inMergedView: view.isVisible(path.split('!/', 1)[0] ?? path, layer),
      signature,
    })),
    skipped: skipped.map(({ path, reason }) => ({ path: shownPath(path), layer, reason })),
  }
}

const malwareFacts = (
  view: MergedView,
  layers: readonly ReadLayer[],
  scanner: MalwareScanner | undefined,
): MalwareFacts => {
  if (scanner === undefined)
    return { state: 'not-scanned', reason: 'No malware scanner was named: give the address of a clamd.' }
  const each = layers.map((read, layer) => malwareIn(view, read, layer))
  const byPlace = (a: { layer: number; path: string }, b: { layer: number; path: string }): number =>
    a.layer - b.layer || compareText(a.path, b.path)
  return {
    state: 'scanned',
    scanner: scanner.name,
    ...(scanner.signaturesFrom === undefined ? {} : { signaturesFrom: scanner.signaturesFrom }),
    filesScanned: each.reduce((sum, { filesScanned }) => sum + filesScanned, 0),
    findings: each
      .flatMap(({ findings }) => findings)
      .sort((a, b) => byPlace(a, b) || compareText(a.signature, b.signature)),
    skipped: each.flatMap(({ skipped }) => skipped).sort(byPlace),
  }
}

/**
 * What the rules read, from an image that was taken apart. Never throws.
 *
 * A layer that was not read is a gap, and what it might have changed is not claimed: the default user stays unresolved where it
 * is a name.
 */
export const imageFacts = (
  reference: string,
  parts: ImageParts,
  scanner: MalwareScanner | undefined,
): ImageFacts => {
  const { configuration, layers } = parts
  const placed = placeLayers(layers.map(({ layer }) => layer?.content ?? nothing))
  const view = new MergedView(placed)
  const accounts = accountsIn(view)
  const { user, gaps } = userOf(configuration.config?.User ?? '', accounts, isWhole(layers))
  const lines = createdBy(configuration)
  return {
    reference,
    source: parts.source,
    ...(parts.digest === undefined ? {} : { digest: parts.digest }),
    configDigest: parts.configDigest,
    platform: platformText(configuration),
    ...(configuration.created ? { created: configuration.created } : {}),
    layers: layers.map((read, at) => layerFacts(read, configuration.rootfs.diff_ids[at] ?? '', lines[at])),
    user,
    configuration: configurationFacts(configuration),
    rootPaths: rootPathsOf(placed, view),
    uidZeroNames: accounts.accounts.filter(({ uid }) => uid === 0).map(({ name }) => name),
    malware: malwareFacts(view, layers, scanner),
    trust: { state: 'unknown', reason: 'Nobody asked a trust server for this image.' },
    gaps: [...layerGaps(layers), ...accounts.gaps, ...gaps],
  }
}
