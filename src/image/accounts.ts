/** One line of `/etc/passwd`. */
export interface Account {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

/** One line of `/etc/group`. */
export interface AccountGroup {
  readonly name: string
  readonly gid: number
}

/** Longest line an engine reads; one longer ends its reading with an error. Source: Go, bufio.MaxScanTokenSize. */
const longestLine = 64 * 1024

const [lowest, highest] = [-(1n << 63n), (1n << 63n) - 1n]

/** Optional sign and decimal digits, as Go's `strconv.Atoi` takes them. */
const whole = /^[+-]?\d+$/

/**
 * The number a process gets: what is none counts as 0, which is root; what is larger than 32 bits loses its upper bits.
 *
 * Source: the engine's reading of account files (moby/sys/user), which ignores errors, and setuid(2).
 */
const idOf = (text: string | undefined): number => {
  if (text === undefined || !whole.test(text)) return 0
  const value = BigInt(text.replace(/^\+/, ''))
  const held = value < lowest ? lowest : value > highest ? highest : value
  return Number(BigInt.asUintN(32, held))
}

const linesOf = (text: string): string[] => {
  const lines = text.split('\n').map((line) => line.trim())
  const tooLong = lines.findIndex((line) => line.length >= longestLine)
  return (tooLong === -1 ? lines : lines.slice(0, tooLong)).filter((line) => line !== '')
}

/** Never throws. */
export const parseAccounts = (text: string): Account[] =>
  linesOf(text).map((line) => {
    const [name = '', , uid, gid] = line.split(':')
    return { name, uid: idOf(uid), gid: idOf(gid) }
  })

/** Never throws. */
export const parseGroups = (text: string): AccountGroup[] =>
  linesOf(text).map((line) => {
    const [name = '', , gid] = line.split(':')
    return { name, gid: idOf(gid) }
  })

/** Who a process is; absent what nothing tells. */
export interface Resolved {
  readonly uid?: number
  readonly gid?: number
}

/** Text that is a number to the engine, however it is written: `0`, `00`, `+0`. */
const numberIn = (text: string): number | undefined => (whole.test(text) ? idOf(text) : undefined)

const accountFor = (accounts: readonly Account[], user: string): Account | undefined => {
  if (user === '') return accounts.find(({ uid }) => uid === 0)
  const number = numberIn(user)
  return accounts.find(({ uid, name }) => (number === undefined ? name === user : uid === number))
}

const groupFor = (groups: readonly AccountGroup[], group: string): number | undefined =>
  numberIn(group) ?? groups.find(({ name }) => name === group)?.gid

/**
 * Who runs where the image, or a service, says `user`: `''`, `name`, `1000`, `name:group`, in any mix.
 *
 * Nothing before the colon is uid 0. A number is itself; a name is the first account of that name, and without a uid where there
 * is none: the engine would not start it. Source: the engine's GetExecUser (moby/sys/user). Never throws.
 */
export const resolveUser = (
  declared: string,
  { accounts, groups }: { readonly accounts: readonly Account[]; readonly groups: readonly AccountGroup[] },
): Resolved => {
  const [user = '', group = ''] = declared.split(':', 2)
  const account = accountFor(accounts, user)
  const uid = account?.uid ?? (user === '' ? 0 : numberIn(user))
  const ownGid = account?.gid ?? (uid === undefined ? undefined : 0)
  const gid = group === '' ? ownGid : groupFor(groups, group)
  return { ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) }
}
