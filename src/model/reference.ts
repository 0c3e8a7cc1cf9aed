/** An output of another resource of the same stack, known once it exists. */
export interface Reference {
  readonly kind: 'Reference'
  /** `key` of the resource. */
  readonly of: string
  readonly output: 'roleId' | 'id' | 'uuid' | 'accessor'
}

/** A field of a KV v2 secret in Vault, read at deploy time and never shown. */
export interface VaultField {
  readonly kind: 'VaultField'
  /** KV v2 mount, e.g. `platform`. */
  readonly mount: string
  /** Path below the mount, e.g. `storage/cifs`. */
  readonly path: string
  readonly field: string
}

/** Text with secrets in it: literal parts and Vault fields, concatenated in order. */
export interface SecretText {
  readonly kind: 'SecretText'
  readonly parts: readonly (string | VaultField | Reference)[]
}
