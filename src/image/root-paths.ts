import type { RootPath, RootPathKind } from '../compliance/image-facts.ts'
import { compareText } from '../core/issue.ts'
import { capabilitiesText } from './layer/capabilities.ts'
import { baseName, folderOf, type ImagePath, shownPath } from './layer/entry-path.ts'
import type { LayerContent, Suspect } from './layer/layer-content.ts'
import { anyExecute, type LayerNode, setGid, setUid } from './layer/layer-node.ts'
import type { MergedView } from './layer/merged-view.ts'
import { escalationTools } from './layer/read-layer.ts'

const accountFiles: ReadonlySet<ImagePath> = new Set([
  'etc/passwd',
  'etc/shadow',
  'etc/group',
  'etc/gshadow',
  'etc/sudoers',
])
const accountFolders: ReadonlySet<ImagePath> = new Set(['etc', 'etc/sudoers.d'])
const sudoersFolder: ImagePath = 'etc/sudoers.d'

const othersWrite = 0o022

const mayBeWritten = ({ mode, uid }: LayerNode): boolean => (mode & othersWrite) !== 0 || uid !== 0

/** What a program of that name really is: a hard link is its target, with whatever bits its own header adds. */
const effective = (view: MergedView, { node }: Suspect, layer: number): LayerNode => {
  if (node.kind !== 'hard-link') return node
  const target = view.linked(node.target, layer)?.node
  if (target === undefined || target.kind === 'hard-link') return { ...node, kind: 'file' }
  const capability = 'capability' in target ? target.capability : node.capability
  return {
    ...target,
    mode: target.mode | node.mode,
    ...(target.kind === 'file' && capability !== undefined ? { capability } : {}),
  }
}

const kindsOf = (path: ImagePath, node: LayerNode): RootPathKind[] => {
  if (node.kind === 'directory' || node.kind === 'special') return []
  const isTool = escalationTools.has(baseName(path))
  if (node.kind === 'symlink') return isTool ? ['escalation-tool'] : []
  const mayRun = (node.mode & anyExecute) !== 0
  return [
    ...(mayRun && (node.mode & setUid) !== 0 ? (['set-uid'] as const) : []),
    ...(mayRun && (node.mode & setGid) !== 0 ? (['set-gid'] as const) : []),
    ...('capability' in node && node.capability !== undefined ? (['file-capability'] as const) : []),
    ...(isTool && mayRun ? (['escalation-tool'] as const) : []),
  ]
}

interface Found {
  readonly path: ImagePath
  readonly node: LayerNode
  readonly layer: number
  readonly inMergedView: boolean
}

const rootPath = (kind: RootPathKind, { path, node, layer, inMergedView }: Found): RootPath => ({
  kind,
  path: shownPath(path),
  layer,
  inMergedView,
  mode: node.mode,
  uid: node.uid,
  gid: node.gid,
  ...(kind === 'file-capability' && 'capability' in node && node.capability !== undefined
    ? { capabilities: capabilitiesText(node.capability) }
    : {}),
})

const suspectsOf = (view: MergedView, { suspects }: LayerContent, layer: number): RootPath[] =>
  suspects.flatMap((suspect) => {
    const node = effective(view, suspect, layer)
    const inMergedView = !suspect.isReplaced && view.isVisible(suspect.path, layer)
    const found = { path: suspect.path, node, layer, inMergedView }
    return kindsOf(suspect.path, node).map((kind) => rootPath(kind, found))
  })

const isAccountNode = (path: ImagePath, { kind }: LayerNode): boolean =>
  kind === 'directory'
    ? accountFolders.has(path)
    : kind === 'file' && (accountFiles.has(path) || folderOf(path) === sudoersFolder)

const accountsOf = (view: MergedView, { nodes }: LayerContent, layer: number): RootPath[] =>
  [...nodes]
    .filter(([path, node]) => path.startsWith('etc') && isAccountNode(path, node) && mayBeWritten(node))
    .map(([path, node]) =>
      rootPath('writable-account-file', { path, node, layer, inMergedView: view.isVisible(path, layer) }),
    )

/** Account files that lie elsewhere, behind links: by where they really are. */
const linkedAccounts = (view: MergedView): RootPath[] =>
  [...accountFiles, ...accountFolders].flatMap((path) => {
    const seen = view.find(path)
    if (seen === undefined || seen.path === path || !mayBeWritten(seen.node)) return []
    return [rootPath('writable-account-file', { ...seen, inMergedView: true })]
  })

const keyOf = ({ kind, path, layer }: RootPath): string => `${layer}\0${path}\0${kind}`

const inOrder = (a: RootPath, b: RootPath): number =>
  a.layer - b.layer || compareText(a.path, b.path) || compareText(a.kind, b.kind)

/** One of each kind, path and layer: the one a container sees, where there is one. */
const each = (found: readonly RootPath[]): RootPath[] => {
  const byKey = new Map<string, RootPath>()
  for (const one of found) {
    const before = byKey.get(keyOf(one))
    if (before === undefined || (one.inMergedView && !before.inMergedView)) byKey.set(keyOf(one), one)
  }
  return [...byKey.values()].sort(inOrder)
}

/**
 * Every way to root in the files of the layers, also of what higher layers take away, by layer, path, kind. Never throws.
 *
 * @param layers placed, lowest first; `view` is made of them.
 */
export const rootPathsOf = (layers: readonly LayerContent[], view: MergedView): RootPath[] =>
  each([
    ...layers.flatMap((layer, position) => [
      ...suspectsOf(view, layer, position),
      ...accountsOf(view, layer, position),
    ]),
    ...linkedAccounts(view),
  ])
