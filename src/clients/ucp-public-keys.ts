import { segment, textAt } from './answer.ts'
import type { Ucp } from './ucp.ts'

/** Public keys of an account in PEM, by key id: those of its client bundles, with which it also signs images (reference §1.4, §8.9). */
export const listPublicKeys = async (ucp: Ucp, nameOrId: string): Promise<string[]> =>
  (
    await ucp.all({
      path: `/accounts/${segment(nameOrId)}/publicKeys`,
      key: 'accountPublicKeys',
      marker: (one) => textAt(one, 'id'),
    })
  ).map((one) => textAt(one, 'publicKey'))
