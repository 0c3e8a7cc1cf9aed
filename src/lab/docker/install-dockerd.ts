import { Fault } from '../../core/fault.ts'
import { canInstallPackages, installPackages, lastWords } from '../debian-packages.ts'
import { type DockerdTools, findDockerd } from './dockerd.ts'

/** Debian's packages of all that a real engine needs. */
const packages = ['docker.io', 'busybox-static', 'iptables', 'iproute2', 'util-linux'] as const

const hint = `On Debian or Ubuntu run \`npm run setup:real docker\` as root, or install ${packages.join(', ')}; elsewhere install Docker Engine, runc, iptables, iproute2, util-linux and a static busybox. Without them the lab takes its engine in memory.`

const missing = (reason: string, cause?: unknown): Fault =>
  new Fault('missing-tool', `The Docker Engine cannot be run here: ${reason}.`, { details: { hint }, cause })

/**
 * The real engine, installed from Debian's packages unless it is there. No service of theirs is started.
 *
 * @throws {Fault} `missing-tool` where it cannot be installed or run, with what to do.
 */
export const installDockerd = async (report: (line: string) => void): Promise<DockerdTools> => {
  const before = await findDockerd()
  if (before.tools !== undefined) return before.tools
  if (!(await canInstallPackages())) throw missing(before.reason)
  try {
    await installPackages('docker', packages, report)
  } catch (error) {
    throw missing(`its packages cannot be installed (${lastWords(error)})`, error)
  }
  const after = await findDockerd()
  if (after.tools === undefined) throw missing(after.reason)
  return after.tools
}
