import { createPublicKey } from 'node:crypto'
import { orMissing } from '../../clients/answer.ts'
import type { Ucp } from '../../clients/ucp.ts'
import { listTeamMembers } from '../../clients/ucp-accounts.ts'
import { listPublicKeys } from '../../clients/ucp-public-keys.ts'
import type { Cluster } from '../../cluster/schema.ts'
import { signingOrganization } from '../../compile/platform.ts'
import type { SignerKeys } from '../../compliance/signer-keys.ts'
import { keyDigest } from '../../image/trust/key-digest.ts'
import { withSystems } from '../../survey/systems.ts'
import { connectedTo } from '../offboard.ts'

/** What UCP has and is no key proves nothing. */
const digestOf = (pem: string): string[] => {
  try {
    return [keyDigest(createPublicKey(pem))]
  } catch {
    return []
  }
}

/** Nobody is in a team that was not made yet. */
const membersOf = async (ucp: Ucp, team: string): Promise<readonly string[]> =>
  ((await orMissing(listTeamMembers(ucp, signingOrganization, team))) ?? []).map(({ user }) => user)

const keysOf = async (ucp: Ucp, team: string): Promise<ReadonlySet<string>> => {
  const keys = new Set<string>()
  for (const user of await membersOf(ucp, team))
    for (const pem of await listPublicKeys(ucp, user)) for (const digest of digestOf(pem)) keys.add(digest)
  return keys
}

/** Keys of the members of every team that must sign on a cluster, as its UCP knows them. @throws {Fault} where it does not answer. */
export const signerKeysOf = (cluster: Cluster, environment: NodeJS.ProcessEnv): Promise<SignerKeys> =>
  withSystems(connectedTo(cluster, environment), async ({ ucp }) => {
    const keys = new Map<string, ReadonlySet<string>>()
    for (const team of Object.keys(cluster.contentTrust.signers)) keys.set(team, await keysOf(ucp(), team))
    return keys
  })
