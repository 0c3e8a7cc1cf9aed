import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Hands } from './by-hand.ts'
import { idOf } from './hand-made.ts'
import type { TinyTenant } from './tiny-tenant.ts'

const reader = 'ci-reader'
const password = 'a-reader-s-password-1234'

type Connections = { readonly clusters: Record<string, Record<string, Record<string, unknown>>> }

/** With every file by its full path: the new connections file lies elsewhere. */
const absolute = (part: Readonly<Record<string, unknown>>, folder: string): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(part).map(([name, value]) =>
      name.endsWith('File') ? [name, resolve(folder, String(value))] : [name, value],
    ),
  )

const vaultToken = async (hands: Hands): Promise<string> => {
  await hands.vault('PUT', `sys/policies/acl/${reader}`, {
    policy: 'path "*" { capabilities = ["read", "list"] }',
  })
  const made = await hands.vault('POST', 'auth/token/create', { policies: [reader], no_parent: true })
  return (made as { auth: { client_token: string } }).auth.client_token
}

/**
 * Makes an account on nonprod that only looks (View Only from the root down, a Vault token that reads), and a connections file
 * that uses it there; its path.
 */
export const connectAsReader = async (
  { session, cluster }: TinyTenant,
  hands: Hands,
  folder: string,
): Promise<string> => {
  await hands.ucp('POST', '/accounts/', { name: reader, password, isActive: true })
  await hands.ucp('PUT', `/collectionGrants/${await idOf(hands, `/accounts/${reader}`)}/swarm/viewonly`, {})
  const bundle = await cluster.ucp.issueBundle(reader)
  const own = join(folder, 'reader')
  await mkdir(own)
  const keep = async (name: string, text: string): Promise<string> => {
    await writeFile(join(own, name), text)
    return join(own, name)
  }
  const passwordFile = await keep('password', password)
  const file = session.environment.TENANTRY_CONNECTIONS ?? ''
  const { clusters } = JSON.parse(await readFile(file, 'utf8')) as Connections
  for (const parts of Object.values(clusters))
    for (const [name, part] of Object.entries(parts)) parts[name] = absolute(part, dirname(file))
  clusters.nonprod = {
    ...clusters.nonprod,
    ucp: { ...clusters.nonprod?.ucp, username: reader, passwordFile },
    registry: { ...clusters.nonprod?.registry, username: reader, tokenFile: passwordFile },
    docker: {
      host: bundle.host,
      caFile: await keep('ca.pem', bundle.certificateAuthority),
      certFile: await keep('cert.pem', bundle.certificate),
      keyFile: await keep('key.pem', bundle.key),
    },
    vault: { ...clusters.nonprod?.vault, tokenFile: await keep('vault-token', await vaultToken(hands)) },
  }
  return keep('connections.json', JSON.stringify({ clusters }))
}

/** Every file below a folder, with when it was written. */
export const writtenBelow = async (folder: string): Promise<readonly string[]> => {
  const names = await readdir(folder, { recursive: true })
  const lines = await Promise.all(
    names.map(async (name) => `${name} ${(await stat(join(folder, name))).mtimeMs}`),
  )
  return lines.sort()
}
