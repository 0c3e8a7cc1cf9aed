import type { Authority, KeyPair } from '../certificates.ts'
import type { Account } from './accounts.ts'
import type { UcpState } from './state.ts'

/** Makes a new key pair with its certificate and registers the public key: that is what a bundle is (reference §1.4). */
export const issueKeys = async (
  state: UcpState,
  authority: Authority,
  account: Account,
  label?: string,
): Promise<KeyPair> => {
  const keys = await authority.issueClient(account.name)
  state.publicKeys.add(account.id, {
    publicKey: keys.publicKey,
    label: label ?? `Generated on ${new Date(state.now()).toISOString()}`,
    certificates: [{ label: '', cert: keys.certificate }],
  })
  return keys
}
