/** Which part of the lab it is. */
export type PartName = 'engine' | 'ucp' | 'registry' | 'vault' | 'vcenter' | 'jenkins' | 'docker'

/** A running part of the lab, as the supervisor holds it. */
export interface Part {
  readonly name: PartName
  /** The cluster it belongs to; null for what the clusters share. */
  readonly cluster: string | null
  /** What it is in truth, e.g. `real` Vault 1.19.0 or a `stand-in`. */
  readonly reality: 'real' | 'stand-in'
  readonly version: string
  /** Where it answers, on loopback. */
  readonly address: string
  /** Ends it and everything it started, by id. Idempotent. */
  readonly stop: () => Promise<void>
}
