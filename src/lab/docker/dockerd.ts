import { execFile } from 'node:child_process'
import { access, constants, open } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

/** Debian keeps the administrator's programs where a user's PATH does not look. */
const administratorFolders = ['/usr/local/sbin', '/usr/sbin', '/sbin']

/** Programs a real engine needs: the engine's own, and those that make namespaces. */
const programs = [
  'dockerd',
  'containerd',
  'runc',
  'iptables',
  'ip',
  'mount',
  'nsenter',
  'unshare',
  'taskset',
  'busybox',
] as const
type Program = (typeof programs)[number]

/** A Docker Engine that can be run here, and what it takes to run it. */
export interface DockerdTools {
  /** Of the engine, e.g. `20.10.24`. */
  readonly version: string
  /** Full paths. */
  readonly programs: Readonly<Record<Program, string>>
  /** PATH for the daemons: the folders the programs were found in. */
  readonly path: string
}

/** The tools, or why there are none: a sentence. */
export type FoundDockerd =
  | { readonly tools: DockerdTools }
  | { readonly tools: undefined; readonly reason: string }

export interface DockerdSurroundings {
  readonly environment?: Readonly<Record<string, string | undefined>>
  readonly platform?: NodeJS.Platform
  readonly userId?: number | undefined
}

const isExecutable = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  )

const findProgram = async (name: string, folders: readonly string[]): Promise<string | undefined> => {
  for (const folder of folders) {
    const path = join(folder, name)
    if (await isExecutable(path)) return path
  }
  return undefined
}

/** Offsets in a 64-bit little-endian ELF file and the program header of an interpreter. Source: elf(5). */
const elf = { magic: 0x464c457f, headersAt: 32, headerSizeAt: 54, headerCountAt: 56, interpreter: 3 } as const

/** Whether a program needs no loader and no library: only such a one runs in an image that holds nothing else. */
const isStatic = async (path: string): Promise<boolean> => {
  const file = await open(path, 'r')
  try {
    const head = Buffer.alloc(4096)
    const { bytesRead } = await file.read(head, 0, head.length, 0)
    if (bytesRead < 64 || head.readUInt32LE(0) !== elf.magic) return false
    const start = Number(head.readBigUInt64LE(elf.headersAt))
    const size = head.readUInt16LE(elf.headerSizeAt)
    const count = head.readUInt16LE(elf.headerCountAt)
    if (start + size * count > bytesRead) return false
    return Array.from({ length: count }, (_, position) => head.readUInt32LE(start + size * position)).every(
      (kind) => kind !== elf.interpreter,
    )
  } finally {
    await file.close()
  }
}

const versionOf = async (dockerd: string): Promise<string | undefined> => {
  try {
    const { stdout } = await promisify(execFile)(dockerd, ['--version'], { timeout: 20_000 })
    return /version (\d+\.\d+\.\d+)/.exec(stdout)?.[1]
  } catch {
    return undefined
  }
}

/** Undefined where the kernel lets us make the namespaces, else its complaint. */
const refusedNamespaces = async (unshare: string): Promise<string | undefined> => {
  const kinds = ['--net', '--mount', '--uts', '--pid', '--fork', '--kill-child', '--mount-proc']
  try {
    await promisify(execFile)(unshare, [...kinds, '/bin/true'], { timeout: 20_000 })
    return undefined
  } catch (error) {
    const stderr = error !== null && typeof error === 'object' && 'stderr' in error ? error.stderr : ''
    return String(stderr).trim().split('\n', 1)[0] || 'it gave no reason'
  }
}

const missing = (reason: string): FoundDockerd => ({ tools: undefined, reason })

/** The real Docker Engine of this machine where it can be run in namespaces of its own. Never throws. */
export const findDockerd = async (surroundings: DockerdSurroundings = {}): Promise<FoundDockerd> => {
  const { environment = process.env, platform = process.platform } = surroundings
  const userId = 'userId' in surroundings ? surroundings.userId : process.getuid?.()
  if (platform !== 'linux') return missing(`dockerd runs on Linux only, and this is ${platform}`)
  if (userId !== 0) return missing('dockerd needs root, and this process is not')
  const folders = [...(environment.PATH ?? '').split(delimiter).filter(Boolean), ...administratorFolders]
  const found: Partial<Record<Program, string>> = {}
  for (const name of programs) {
    const path = await findProgram(name, folders)
    if (path === undefined) return missing(`${name} was not found on PATH`)
    found[name] = path
  }
  const paths = found as Record<Program, string>
  if (!(await isStatic(paths.busybox)))
    return missing(`${paths.busybox} is not statically linked (Debian's package is busybox-static)`)
  const version = await versionOf(paths.dockerd)
  if (version === undefined) return missing(`${paths.dockerd} does not tell its version`)
  const refused = await refusedNamespaces(paths.unshare)
  if (refused !== undefined) return missing(`this kernel grants no namespaces: ${refused}`)
  return { tools: { version, programs: paths, path: [...new Set(folders)].join(delimiter) } }
}
