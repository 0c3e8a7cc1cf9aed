import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Connections } from '../../src/deploy/connections.ts'
import type { ClusterLab } from '../../src/lab/cluster-lab.ts'
import type { LabLayout } from '../../src/lab/layout.ts'
import { handsOn } from './by-hand.ts'
import type { KnownSecret } from './secret-search.ts'

/** Signs that one writer or another escapes, wraps, splits at or takes for its own. */
const awkward = `"q'\\b/$\{x} %41+&<é☃>;#`

/** A secret that nobody escapes the middle of, and everybody the rest. */
const marked = (name: string, signs: string): KnownSecret => {
  const core = `Mk${randomBytes(15).toString('hex')}Km`
  return { name, core, value: `${signs}${core}${signs}` }
}

/** Secrets in all the places that a tenant's run can meet, each with awkward signs in it. */
export interface Planted {
  readonly secrets: readonly KnownSecret[]
  /** What the engine and the program read, in place of the lab's own. */
  readonly environment: Readonly<Record<string, string>>
  /** The files that they belong in, by their ends. */
  readonly connections: string
}

/** Plants them at the servers of a cluster and in a connections file beside the lab's. */
export const plantSecrets = async (
  cluster: ClusterLab,
  layout: LabLayout,
  folder: string,
): Promise<Planted> => {
  const password = marked('password of the platform’s account', awkward)
  const passphrase = marked('passphrase of the state', `${awkward}\n${awkward}`)
  const cifs = marked('CIFS password', awkward)
  const accessKey = marked('S3 access key', awkward)
  const secretKey = marked('S3 secret key', `${awkward}\n${awkward}`)
  const own = marked('secret of an application', `${awkward}\n${awkward}`)
  const hands = handsOn(cluster)
  try {
    await hands.ucp('POST', '/accounts/', {
      name: 'svc-awkward',
      fullName: 'Tenantry with an awkward password',
      password: password.value,
      isAdmin: true,
    })
    await hands.vault('POST', 'platform/data/storage/cifs', {
      data: { username: 'svc-storage', password: cifs.value },
    })
    await hands.vault('POST', 'platform/data/storage/scality', {
      data: { accessKey: accessKey.value, secretKey: secretKey.value },
    })
  } finally {
    await hands.close()
  }
  const passwordFile = join(layout.secrets, 'awkward-password')
  await writeFile(passwordFile, password.value, { mode: 0o600 })
  const known = Connections.parse(JSON.parse(await readFile(layout.connections, 'utf8')))
  const lab = known.clusters.nonprod
  if (lab === undefined) throw new Error('no nonprod')
  const user = { username: 'svc-awkward' }
  const nonprod = {
    ...lab,
    ucp: { ...lab.ucp, ...user, passwordFile },
    registry: { ...lab.registry, ...user, tokenFile: passwordFile },
  }
  const connections = join(layout.folder, 'connections-planted.json')
  await writeFile(connections, JSON.stringify({ clusters: { ...known.clusters, nonprod } }))
  return {
    secrets: [password, passphrase, cifs, accessKey, secretKey, own],
    connections,
    environment: {
      TENANTRY_CONNECTIONS: connections,
      PULUMI_CONFIG_PASSPHRASE: passphrase.value,
      PULUMI_CONFIG_PASSPHRASE_FILE: '',
      PULUMI_BACKEND_URL: `file://${join(folder, 'state')}`,
    },
  }
}

/** Writes an application's own secret where the application reads it. */
export const plantOwnSecret = async (cluster: ClusterLab, { value }: KnownSecret): Promise<void> => {
  const hands = handsOn(cluster)
  await hands
    .vault('POST', 'orgs/retail-banking/data/apps/payments/database', { data: { password: value } })
    .finally(() => hands.close())
}
