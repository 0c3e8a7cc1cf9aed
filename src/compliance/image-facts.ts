/**
 * What is known of one image, as the rules read it: plain data, JSON both ways, made once by whoever read the image.
 *
 * Everything a reader could not look at stands in `gaps`: a fact that is merely absent says "there is none", so a reader that
 * stopped early must say so, and the rules then report the gap rather than pass.
 */
export interface ImageFacts {
  /** The reference as it was asked for, e.g. `registry.nonprod.bank.example/retail-banking/payments-api:1.4.2`. */
  readonly reference: string
  readonly source: ImageSource
  /** Digest of the image's manifest of this platform, `sha256:` and 64 hex digits; absent where the source has none (`docker save`). */
  readonly digest?: string
  /** Digest of the image's configuration, likewise: what Docker calls the image's id. */
  readonly configDigest: string
  /** e.g. `linux/amd64`, `linux/arm64/v8`. */
  readonly platform: string
  /** When it was built, ISO 8601, as the configuration says; absent where it says nothing. Never trusted for an age. */
  readonly created?: string
  /** Lowest first, as the configuration orders them; empty layers of the history are left out. */
  readonly layers: readonly LayerFacts[]
  readonly user: DefaultUser
  readonly configuration: ImageConfiguration
  /**
   * Ways to become root that lie in the files, in the order of layer, path, kind; one each kind and path and layer. Also those of a
   * lower layer that a higher one removes or overwrites (`inMergedView: false`): whoever runs the lower layer has them.
   */
  readonly rootPaths: readonly RootPath[]
  /** Accounts with uid 0 in `/etc/passwd` of the merged view, by line; usually `root` alone. */
  readonly uidZeroNames: readonly string[]
  readonly malware: MalwareFacts
  readonly trust: TrustFacts
  /** What could not be looked at; empty where the image was read whole. */
  readonly gaps: readonly FactGap[]
}

export type ImageSource = 'registry' | 'docker-archive' | 'oci-layout' | 'engine'

export interface LayerFacts {
  /** Digest of the layer as it is stored; of the plain tar where the source stores that. */
  readonly digest: string
  /** Digest of the uncompressed tar, as the configuration's `rootfs.diff_ids` has it. */
  readonly diffId: string
  /** Bytes as stored, and of the uncompressed tar. */
  readonly storedBytes: number
  readonly tarBytes: number
  /** Entries of the tar, whiteouts too. */
  readonly entries: number
  /** The Dockerfile's line that made it, as the history tells, at most 200 characters; absent where it tells nothing. */
  readonly createdBy?: string
}

/** Who the image's processes are where nobody says otherwise. */
export interface DefaultUser {
  /** `config.User` to the letter: `''`, `app`, `1000:1000`, `toor`. Empty means root. */
  readonly declared: string
  /**
   * The uid it comes to in `/etc/passwd` of the merged view, as the engine resolves it: a number is itself, also where the file
   * names it; a name is looked up. Absent where the name is not in the file (the engine would refuse to start).
   */
  readonly uid?: number
  /** The gid likewise, from the user's entry or from the part after the colon; absent where neither tells. */
  readonly gid?: number
}

/** What the configuration says that the rules need. */
export interface ImageConfiguration {
  /** `KEY=value` as the image sets them. Values may be secrets: they are judged, never printed. */
  readonly environment: readonly string[]
  /** Labels by name; values likewise. */
  readonly labels: Readonly<Record<string, string>>
  readonly entrypoint: readonly string[]
  readonly command: readonly string[]
  /** Whether it has a `HEALTHCHECK` other than `NONE`. */
  readonly healthCheck: boolean
  /** Ports it says it listens on, e.g. `8080/tcp`. */
  readonly exposedPorts: readonly string[]
  /** Paths it declares as volumes. */
  readonly volumes: readonly string[]
}

/**
 * One way to become root:
 *
 * - `set-uid`, `set-gid`: a regular file with the bit and any execute bit;
 * - `file-capability`: `security.capability` in the file's extended attributes (pax `SCHILY.xattr.…`, `LIBARCHIVE.xattr.…`);
 * - `escalation-tool`: a file named `sudo`, `su`, `doas`, `pkexec`, `sudoedit` or `runuser` that may be executed, wherever it lies;
 *   a symlink or hard link of that name too;
 * - `writable-account-file`: `/etc/passwd`, `/etc/shadow`, `/etc/group`, `/etc/gshadow` or `/etc/sudoers` (and `/etc/sudoers.d`)
 *   that somebody else than root may write: by the mode's bits for group or others, or by an owner other than uid 0;
 *   also where the folder it stands in may be.
 */
export type RootPathKind =
  | 'set-uid'
  | 'set-gid'
  | 'file-capability'
  | 'escalation-tool'
  | 'writable-account-file'

export interface RootPath {
  readonly kind: RootPathKind
  /** Absolute path in the image, normal form: `/usr/bin/newgrp`. */
  readonly path: string
  /** Position in `layers`, from 0. */
  readonly layer: number
  /** Whether a container of this image sees it; false where a higher layer removes or replaces it. */
  readonly inMergedView: boolean
  /** Permission bits of the entry, e.g. `0o4755`; those of the target for a hard link. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Of `file-capability`: names in lower case with their sets, e.g. `cap_net_raw+ep`; the attribute in hex where it is of no known form. */
  readonly capabilities?: string
}

/** What a malware scanner said of every file of every layer. */
export type MalwareFacts =
  | { readonly state: 'not-scanned'; readonly reason: string }
  | {
      readonly state: 'scanned'
      /** As the scanner names itself: `ClamAV 1.4.3/27500/Mon Nov 3 08:12:01 2025`. */
      readonly scanner: string
      /** Date of its signatures, ISO 8601; absent where it does not tell. */
      readonly signaturesFrom?: string
      readonly filesScanned: number
      /** By layer, path, signature. */
      readonly findings: readonly MalwareFinding[]
      /** Files that were not scanned, each with its reason: too large, an archive nested too deep, an error of the scanner. */
      readonly skipped: readonly SkippedFile[]
    }

export interface MalwareFinding {
  /** Path in the image; of a file inside an archive `/opt/app.jar!/lib/x.zip!/evil`. */
  readonly path: string
  readonly layer: number
  readonly inMergedView: boolean
  /** As the scanner names it, e.g. `Eicar-Signature`. */
  readonly signature: string
}

export interface SkippedFile {
  readonly path: string
  readonly layer: number
  readonly reason: string
}

/** Content trust: whether somebody signed the tag for this digest. */
export type TrustFacts =
  | { readonly state: 'unknown'; readonly reason: string }
  | { readonly state: 'unsigned' }
  | {
      readonly state: 'signed'
      /** The digest that the signature names, `sha256:…`; it holds only where this is the image's. */
      readonly digest: string
      /** Roles that signed, as the trust data names them: `targets/security`. Sorted. */
      readonly signers: readonly string[]
      /** SHA-256 in hex of the public keys that signed, sorted; absent where whoever read the trust data did not tell. */
      readonly keys?: readonly string[]
    }

/** Something of an image that was not looked at. */
export interface FactGap {
  readonly about: 'image' | 'layer' | 'user' | 'root-paths' | 'malware' | 'trust'
  /** One sentence for people: what, and why; no credentials. */
  readonly reason: string
  readonly layer?: number
}

/** Facts of images by the reference that the compose file names; a reference that is not in it was not read. */
export type ImageFactsByReference = ReadonlyMap<string, ImageFacts>
