/** Who owns an entry, and what its mode lets whom do. */
export interface Ownership {
  readonly mode: number
  readonly uid: number
  readonly gid: number
}

/** What a layer has at a path. */
export type LayerNode =
  | (Ownership & { readonly kind: 'directory' })
  /** A device or a pipe. */
  | (Ownership & { readonly kind: 'special' })
  /** `capability` is the raw attribute; `content` only of what may be an account file. */
  | (Ownership & { readonly kind: 'file'; readonly capability?: Buffer; readonly content?: string })
  | (Ownership & { readonly kind: 'symlink'; readonly target: string })
  | (Ownership & { readonly kind: 'hard-link'; readonly target: string; readonly capability?: Buffer })

/** Set-uid and set-gid bits, and any execute bit. Source: inode(7). */
export const setUid = 0o4000
export const setGid = 0o2000
export const anyExecute = 0o111
