/** What `tenantry compose merge` is asked for beside its files. */
export interface MergeOptions {
  readonly tenant: string
  readonly cluster: string
  readonly application?: string
  readonly envFile: readonly string[]
  readonly profile: readonly string[]
  readonly measured?: string
  readonly explain?: string
  readonly output?: string
  readonly json?: boolean
}
