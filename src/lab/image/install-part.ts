import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { Fault } from '../../core/fault.ts'
import { canInstallPackages, installPackages, lastWords } from '../debian-packages.ts'

/** A server that Debian packages and the lab starts by itself. */
export interface PackagedServer {
  /** As `npm run setup:real` knows it. */
  readonly name: 'registry' | 'clamd'
  readonly program: string
  readonly packages: readonly string[]
}

/** The registry of the Docker distribution. */
export const packagedRegistry: PackagedServer = {
  name: 'registry',
  program: 'docker-registry',
  packages: ['docker-registry'],
}

/** ClamAV's daemon; what it finds is told by signature files that whoever starts it brings. */
export const packagedClamd: PackagedServer = {
  name: 'clamd',
  program: 'clamd',
  packages: ['clamav-daemon'],
}

/** Debian keeps the administrator's programs where a user's PATH does not look. */
const administratorFolders = ['/usr/local/sbin', '/usr/sbin', '/sbin']

/** Full path of its program; undefined where it is not installed. Never throws. */
export const findServer = async ({ program }: PackagedServer): Promise<string | undefined> => {
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter(Boolean), ...administratorFolders]
  for (const folder of folders) {
    const path = join(folder, program)
    if (
      await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return path
  }
  return undefined
}

const missing = ({ name, program, packages }: PackagedServer, reason: string, cause?: unknown): Fault =>
  new Fault('missing-tool', `${program} cannot be run here: ${reason}.`, {
    cause,
    details: {
      hint: `On Debian or Ubuntu run \`npm run setup:real ${name}\` as root, or install ${packages.join(', ')}.`,
    },
  })

/**
 * The server's program, installed from Debian's packages unless it is there. No service is started.
 *
 * @throws {Fault} `missing-tool` where it cannot be installed, with what to do.
 */
export const installServer = async (
  server: PackagedServer,
  report: (line: string) => void,
): Promise<string> => {
  const before = await findServer(server)
  if (before !== undefined) return before
  if (!(await canInstallPackages())) throw missing(server, `${server.program} was not found on PATH`)
  try {
    await installPackages(server.name, server.packages, report)
  } catch (error) {
    throw missing(server, `its packages cannot be installed (${lastWords(error)})`, error)
  }
  const after = await findServer(server)
  if (after === undefined) throw missing(server, `${server.packages.join(', ')} does not bring it`)
  return after
}
