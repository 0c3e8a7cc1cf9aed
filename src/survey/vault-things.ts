import type { Vault } from '../clients/vault.ts'
import type { LiveThing } from '../plan/unowned.ts'

/** Below it every organization has its mount. */
const area = 'orgs/'

const mark = /\[tenantry:([^\]]*)\]$/

/** The mounts of organizations. Several clusters may share a Vault: a mount is told by the one whose mark it has. @throws {Fault} */
export const vaultThings = async (vault: Vault): Promise<readonly LiveThing[]> =>
  [...(await vault.listMounts())]
    .filter(([path]) => path.startsWith(area))
    .map(([path, { description }]) => {
      const owner = mark.exec(description)?.[1]
      return { kind: 'vault mount', name: path, ...(owner === undefined ? {} : { owner }) }
    })
