import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { Fault } from '../core/fault.ts'
import { Secret } from '../core/secret.ts'
import type {
  Connected,
  DockerAccess,
  Endpoints,
  RegistryAccess,
  UcpAccess,
  VaultAccess,
  VcenterAccess,
} from './connected.ts'
import { type Connection, Connections } from './connections.ts'

/** Whose connection to read. `endpoints` is asked for only what the file leaves to the cluster file. */
export interface ConnectionRequest {
  readonly cluster: string
  /** What `TENANTRY_CONNECTIONS` names; undefined where it is not set. */
  readonly file: string | undefined
  readonly endpoints: () => Endpoints
}

const howTo =
  'Set TENANTRY_CONNECTIONS to a connections file (README, "Point it at a real platform"), or run `eval "$(npx tenantry lab env)"` with a lab running.'

const refused = (message: string, hint: string, cause?: unknown): Fault =>
  new Fault('invalid-request', `${message} ${hint}`, { details: { hint }, cause })

const readText = (path: string, cluster: string, what: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    const problem = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`
    throw refused(`${what} of cluster ${cluster} should lie in ${path}, which ${problem}.`, howTo, cause)
  }
}

const parseJson = (text: string, file: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw refused(`The connections file ${file} is not JSON.`, (cause as Error).message, cause)
  }
}

const parseConnections = (text: string, file: string): Connections => {
  const parsed = Connections.safeParse(parseJson(text, file))
  if (parsed.success) return parsed.data
  const [first] = parsed.error.issues
  const place = first?.path.join('.') || 'its top level'
  throw refused(`The connections file ${file} is wrong at ${place}: ${first?.message}.`, howTo)
}

const connectionOf = (connections: Connections, file: string, cluster: string): Connection => {
  const found = Object.hasOwn(connections.clusters, cluster) ? connections.clusters[cluster] : undefined
  if (found !== undefined) return found
  const known = Object.keys(connections.clusters).join(', ') || 'none'
  throw refused(`The connections file ${file} says nothing of cluster ${cluster}; it has: ${known}.`, howTo)
}

const dockerHost = (ucp: string): string => {
  const { hostname, port } = new URL(ucp)
  return `tcp://${hostname}:${port || '443'}`
}

/** `host` or `host:port`, as the vSphere plugin wants it. */
const server = (endpoint: string): string => new URL(endpoint).host

/** Reads the files that a connection names, each with a sentence of what it should hold. */
const fileReader = (folder: string, cluster: string) => {
  const text = (path: string, what: string) => readText(resolve(folder, path), cluster, what)
  return {
    text,
    secret: (path: string, what: string) => new Secret(text(path, what).trimEnd()),
    authority: (path: string | undefined, what: string) =>
      path === undefined ? {} : { caCertificate: text(path, what) },
    path: (path: string) => resolve(folder, path),
  }
}

type FileReader = ReturnType<typeof fileReader>

const ucpAccess = ({ ucp }: Connection, endpoints: () => Endpoints, files: FileReader): UcpAccess => ({
  endpoint: ucp.endpoint ?? endpoints().ucp,
  username: ucp.username,
  password: files.secret(ucp.passwordFile, 'The UCP password'),
  ...files.authority(ucp.caFile, 'The UCP certificate authority'),
})

const registryAccess = (
  { registry }: Connection,
  endpoints: () => Endpoints,
  files: FileReader,
): RegistryAccess => ({
  endpoint: registry.endpoint ?? endpoints().registry,
  username: registry.username,
  token: files.secret(registry.tokenFile, 'The registry token'),
  ...files.authority(registry.caFile, 'The registry’s certificate authority'),
})

const dockerAccess = (
  { docker, ucp }: Connection,
  endpoints: () => Endpoints,
  files: FileReader,
): DockerAccess => ({
  host: docker.host ?? dockerHost(ucp.endpoint ?? endpoints().ucp),
  caMaterial: files.text(docker.caFile, 'The certificate authority of the client bundle'),
  certMaterial: files.text(docker.certFile, 'The certificate of the client bundle'),
  keyMaterial: new Secret(files.text(docker.keyFile, 'The key of the client bundle')),
})

const vaultAccess = ({ vault }: Connection, endpoints: () => Endpoints, files: FileReader): VaultAccess => ({
  address: vault.address ?? endpoints().vault,
  token: files.secret(vault.tokenFile, 'The Vault token'),
  ...(vault.caFile === undefined ? {} : { caFile: files.path(vault.caFile) }),
})

const vcenterAccess = (
  { vcenter }: Connection,
  endpoints: () => Endpoints,
  files: FileReader,
): VcenterAccess => ({
  server: vcenter.server ?? server(endpoints().vcenter),
  user: vcenter.user,
  password: files.secret(vcenter.passwordFile, 'The vCenter password'),
  allowUnverifiedTls: vcenter.allowUnverifiedTls ?? false,
})

/**
 * How to reach a cluster; the credentials are read, from the files that the connections file names, when asked for.
 *
 * @throws {Fault} `invalid-request` when a file is missing, unreadable or wrong, with which one, the cluster, and what to do.
 */
export const readConnection = (request: ConnectionRequest): Connected => {
  const { cluster, file, endpoints } = request
  if (file === undefined || file === '')
    throw refused(`How to reach cluster ${cluster} is not known: TENANTRY_CONNECTIONS is not set.`, howTo)
  const connections = parseConnections(readText(file, cluster, 'The connections'), file)
  const connection = connectionOf(connections, file, cluster)
  const files = fileReader(dirname(resolve(file)), cluster)
  return {
    ucp: () => ucpAccess(connection, endpoints, files),
    registry: () => registryAccess(connection, endpoints, files),
    docker: () => dockerAccess(connection, endpoints, files),
    vault: () => vaultAccess(connection, endpoints, files),
    vcenter: () => vcenterAccess(connection, endpoints, files),
  }
}
