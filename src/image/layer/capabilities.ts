/** By bit. Source: linux/capability.h (CAP_LAST_CAP is 40 since Linux 5.9). */
const names: readonly string[] = [
  'chown',
  'dac_override',
  'dac_read_search',
  'fowner',
  'fsetid',
  'kill',
  'setgid',
  'setuid',
  'setpcap',
  'linux_immutable',
  'net_bind_service',
  'net_broadcast',
  'net_admin',
  'net_raw',
  'ipc_lock',
  'ipc_owner',
  'sys_module',
  'sys_rawio',
  'sys_chroot',
  'sys_ptrace',
  'sys_pacct',
  'sys_admin',
  'sys_boot',
  'sys_nice',
  'sys_resource',
  'sys_time',
  'sys_tty_config',
  'mknod',
  'lease',
  'audit_write',
  'audit_control',
  'setfcap',
  'mac_override',
  'mac_admin',
  'syslog',
  'wake_alarm',
  'block_suspend',
  'audit_read',
  'perfmon',
  'bpf',
  'checkpoint_restore',
]

/** Length of the attribute by its revision. Source: linux/capability.h, vfs_cap_data and vfs_ns_cap_data. */
const lengths: Readonly<Record<number, number>> = { 1: 12, 2: 20, 3: 24 }

interface Sets {
  readonly permitted: bigint
  readonly inheritable: bigint
  readonly isEffective: boolean
}

const has = (set: bigint, bit: number): boolean => ((set >> BigInt(bit)) & 1n) === 1n

const flagsOf = ({ permitted, inheritable, isEffective }: Sets, bit: number): string =>
  `${isEffective && (has(permitted, bit) || has(inheritable, bit)) ? 'e' : ''}${has(inheritable, bit) ? 'i' : ''}${has(permitted, bit) ? 'p' : ''}`

const setsIn = (bytes: Buffer, revision: number): Sets => {
  const low = { permitted: BigInt(bytes.readUInt32LE(4)), inheritable: BigInt(bytes.readUInt32LE(8)) }
  const isEffective = (bytes.readUInt32LE(0) & 1) === 1
  if (revision === 1) return { ...low, isEffective }
  return {
    permitted: low.permitted | (BigInt(bytes.readUInt32LE(12)) << 32n),
    inheritable: low.inheritable | (BigInt(bytes.readUInt32LE(16)) << 32n),
    isEffective,
  }
}

/**
 * The capabilities that a file's `security.capability` gives, as `getcap` writes them: `cap_net_raw+ep`, with
 * `[rootid=1000]` of a user namespace; the bytes in hex where they are of no known form. Never throws.
 */
export const capabilitiesText = (bytes: Buffer): string => {
  const revision = bytes.length < 4 ? 0 : bytes.readUInt8(3)
  if (lengths[revision] !== bytes.length) return bytes.toString('hex')
  const sets = setsIn(bytes, revision)
  const byFlags = new Map<string, string[]>()
  for (let bit = 0; bit < 64; bit++) {
    const flags = flagsOf(sets, bit)
    if (flags === '') continue
    byFlags.set(flags, [...(byFlags.get(flags) ?? []), `cap_${names[bit] ?? bit}`])
  }
  const text = [...byFlags].map(([flags, held]) => `${held.join(',')}+${flags}`).join(' ') || '='
  return revision === 3 ? `${text} [rootid=${bytes.readUInt32LE(20)}]` : text
}
