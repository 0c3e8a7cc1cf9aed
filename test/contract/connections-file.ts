import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Ucp as Emulator } from '../../src/lab/ucp/server.ts'
import { adminPassword } from './provider-harness.ts'

/** A site's connections file with an emulator for UCP and nothing behind the rest, as the environment names it. */
export const ucpConnection = (
  folder: string,
  { address, caCertificate }: Pick<Emulator, 'address' | 'caCertificate'>,
  password = adminPassword.reveal(),
): NodeJS.ProcessEnv => {
  const file = join(folder, `connections-${password.length}-${new URL(address).port}.json`)
  const passwordFile = `password-${password.length}`
  writeFileSync(join(folder, 'ca.pem'), caCertificate)
  writeFileSync(join(folder, passwordFile), password)
  const none = 'not-there'
  const connection = {
    ucp: { endpoint: address, caFile: 'ca.pem', username: 'svc-tenantry', passwordFile },
    docker: { caFile: none, certFile: none, keyFile: none },
    registry: { username: none, tokenFile: none },
    vault: { tokenFile: none },
    vcenter: { user: none, passwordFile: none },
  }
  writeFileSync(file, JSON.stringify({ clusters: { nonprod: connection } }))
  return { TENANTRY_CONNECTIONS: file }
}
