/** A lease as its holder hands it to the processes that it starts: the file it stands in, and its number. */
export interface LeaseReference {
  readonly path: string
  /** Of the lease; a later one of the same stack has a higher one. */
  readonly token: number
}

/** The variable of the environment that carries a lease: `<path>:<token>`. */
export const leaseVariable = 'TENANTRY_LEASE'

/** Pure. */
export const formatLease = ({ path, token }: LeaseReference): string => `${path}:${token}`

/** Undefined where the text names no lease. Pure; never throws. */
export const parseLease = (text: string | undefined): LeaseReference | undefined => {
  const match = /^(.+):(\d{1,15})$/.exec(text ?? '')
  return match?.[1] === undefined ? undefined : { path: match[1], token: Number(match[2]) }
}

/** The token in a lease file's first line; undefined where it has none. Pure; never throws. */
export const tokenOf = (text: string): number | undefined => {
  try {
    const { token } = JSON.parse(text.split('\n', 1)[0] ?? '') as { readonly token?: unknown }
    return typeof token === 'number' ? token : undefined
  } catch {
    return undefined
  }
}
