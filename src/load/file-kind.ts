/** What a typed file describes. */
export type FileKind = 'tenant' | 'cluster' | 'fleet' | 'override' | 'hold' | 'waiver' | 'compliance'

/** Where files of a kind stand and how they are written. */
interface FileKindTraits {
  /** The function that types the file. */
  readonly define: string
  /** The folder below `src/` that the function is from. */
  readonly module: string
  /** The folder of the checkout that holds one such file each. */
  readonly folder?: string
  /** The one such file of the checkout. */
  readonly file?: string
  /** Whether a checkout can do without. */
  readonly optional: boolean
}

export const fileKinds: Readonly<Record<FileKind, FileKindTraits>> = {
  tenant: { define: 'defineTenant', module: 'tenant', folder: 'tenants', optional: false },
  cluster: { define: 'defineCluster', module: 'cluster', folder: 'stacks', optional: false },
  fleet: { define: 'defineFleet', module: 'fleet', file: 'fleet.ts', optional: true },
  compliance: { define: 'defineCompliance', module: 'policy', file: 'compliance.ts', optional: true },
  override: { define: 'defineOverride', module: 'exception', folder: 'overrides', optional: true },
  hold: { define: 'defineHold', module: 'exception', folder: 'holds', optional: true },
  waiver: { define: 'defineWaiver', module: 'exception', folder: 'waivers', optional: true },
}

/** The kind of a file by its path: by its folder, or by its name for the one file of a kind; a tenant's otherwise. Never throws. */
export const kindOfFile = (path: string): FileKind => {
  const parts = path.split('/')
  const name = parts.pop() ?? ''
  for (const [kind, { folder, file }] of Object.entries(fileKinds)) {
    if (folder !== undefined && parts.includes(folder)) return kind as FileKind
    if (file === name && parts.length === 0) return kind as FileKind
  }
  return 'tenant'
}
