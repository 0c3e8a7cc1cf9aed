import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ServerProcess, startServer } from './server-process.ts'

export interface RealClamdOptions {
  readonly program: string
  /** Of its own: socket, configuration, signatures. */
  readonly folder: string
  /** Signature files by name, e.g. `ours.ndb`: the daemon knows no others, and asks nobody for more. */
  readonly signatures: Readonly<Record<string, string>>
  readonly streamBytes?: number
}

export interface RealClamd extends ServerProcess {
  /** `unix:///…`. */
  readonly endpoint: string
}

const startMilliseconds = 120_000

/** ClamAV's daemon with signatures of our own, on a socket of its folder. @throws {Fault} where it does not start. */
export const startClamd = async ({
  program,
  folder,
  signatures,
  streamBytes,
}: RealClamdOptions): Promise<RealClamd> => {
  const [database, socket, configuration] = [
    join(folder, 'signatures'),
    join(folder, 'clamd.sock'),
    join(folder, 'clamd.conf'),
  ]
  await mkdir(database, { recursive: true })
  for (const [name, text] of Object.entries(signatures)) await writeFile(join(database, name), text)
  const settings = {
    DatabaseDirectory: database,
    LocalSocket: socket,
    Foreground: 'yes',
    ConcurrentDatabaseReload: 'no',
    AlertExceedsMax: 'yes',
    ...(streamBytes === undefined ? {} : { StreamMaxLength: String(streamBytes) }),
  }
  await writeFile(
    configuration,
    Object.entries(settings)
      .map(([name, value]) => `${name} ${value}\n`)
      .join(''),
  )
  const { server } = await startServer({
    program,
    parameters: ['--config-file', configuration],
    isReady: (output) => output.includes('Self checking'),
    startMilliseconds,
  })
  return { ...server, endpoint: `unix://${socket}` }
}
