import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type LdapServer, startLdapServer } from '../../src/lab/ldap/ldap-server.ts'
import { loginDirectory, type People } from '../../src/lab/people.ts'
import { findVaultBinary, startRealVault, type VaultBinary } from '../../src/lab/vault/real-vault.ts'
import { startInMemoryVault, type VaultServer } from '../../src/lab/vault/serve-vault.ts'
import { missingPart } from '../missing-part.ts'

/** A Vault that a test started; stopping it removes what it left. */
export interface TestVault extends VaultServer {
  /** Log of a real one. */
  readonly logFile: string | undefined
  /** The directory that a real one can be told to ask; the one in memory holds the people itself. */
  readonly ldap: LdapServer | undefined
}

const binary = await findVaultBinary()
if (binary === undefined) missingPart('vault', 'the contract on the real Vault')

const nobody: People = { directory: { users: [], groups: [] }, passwords: new Map() }

const startReal = async (real: VaultBinary, people: People): Promise<TestVault> => {
  const folder = await mkdtemp(join(tmpdir(), 'tenantry-vault-'))
  const logFile = join(folder, 'vault.log')
  const server = await startRealVault({ binary: real, folder, logFile })
  const ldap = await startLdapServer(people)
  const stop = async (): Promise<void> => {
    await server.stop()
    await ldap.stop()
    await rm(folder, { recursive: true, force: true })
  }
  return { ...server, logFile, ldap, stop }
}

const startInMemory = async (people: People): Promise<TestVault> => ({
  ...(await startInMemoryVault({ rootToken: 'hvs.root', directory: loginDirectory(people) })),
  logFile: undefined,
  ldap: undefined,
})

/** The Vaults that this machine can run, by what they are, with the people who can log in. */
export const vaults: readonly (readonly [
  name: 'in memory' | 'real',
  start: (people?: People) => Promise<TestVault>,
])[] = [
  ['in memory', (people = nobody) => startInMemory(people)],
  ...(binary === undefined ? [] : [['real', (people = nobody) => startReal(binary, people)] as const]),
]
