import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ServerProcess, startServer } from './server-process.ts'

export interface RealRegistryOptions {
  readonly program: string
  /** Of its own: configuration and blobs. */
  readonly folder: string
  /** Lines of htpasswd with bcrypt; everybody may do everything where absent. */
  readonly accounts?: string
}

export interface RealRegistry extends ServerProcess {
  /** `http://127.0.0.1:port`. */
  readonly endpoint: string
}

const startMilliseconds = 60_000
const listening = /listening on 127\.0\.0\.1:(\d+)/

/** The distribution's registry on loopback, its blobs in its folder. @throws {Fault} where it does not start. */
export const startRegistry = async ({
  program,
  folder,
  accounts,
}: RealRegistryOptions): Promise<RealRegistry> => {
  const [blobs, people, configuration] = [
    join(folder, 'blobs'),
    join(folder, 'htpasswd'),
    join(folder, 'registry.json'),
  ]
  await mkdir(blobs, { recursive: true })
  if (accounts !== undefined) await writeFile(people, accounts, { mode: 0o600 })
  const settings = {
    version: '0.1',
    storage: { filesystem: { rootdirectory: blobs } },
    http: { addr: '127.0.0.1:0' },
    ...(accounts === undefined ? {} : { auth: { htpasswd: { realm: 'lab', path: people } } }),
  }
  // JSON is YAML.
  await writeFile(configuration, JSON.stringify(settings))
  const { server, output } = await startServer({
    program,
    parameters: ['serve', configuration],
    isReady: (text) => listening.test(text),
    startMilliseconds,
  })
  return { ...server, endpoint: `http://127.0.0.1:${listening.exec(output)?.[1] ?? ''}` }
}
