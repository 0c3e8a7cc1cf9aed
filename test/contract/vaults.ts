import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { emptyDirectory, type LoginDirectory } from '../../src/lab/vault/ldap-backend.ts'
import { findVaultBinary, startRealVault, type VaultBinary } from '../../src/lab/vault/real-vault.ts'
import { startInMemoryVault, type VaultServer } from '../../src/lab/vault/serve-vault.ts'
import { missingPart } from '../missing-part.ts'

/** A Vault that a test started; stopping it removes what it left. */
export interface TestVault extends VaultServer {
  /** Log of a real one. */
  readonly logFile: string | undefined
}

const binary = await findVaultBinary()
if (binary === undefined) missingPart('vault', 'the contract on the real Vault')

const startReal = async (real: VaultBinary): Promise<TestVault> => {
  const folder = await mkdtemp(join(tmpdir(), 'tenantry-vault-'))
  const logFile = join(folder, 'vault.log')
  const server = await startRealVault({ binary: real, folder, logFile })
  const stop = async (): Promise<void> => {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
  return { ...server, logFile, stop }
}

const startInMemory = async (directory: LoginDirectory): Promise<TestVault> => ({
  ...(await startInMemoryVault({ rootToken: 'hvs.root', directory })),
  logFile: undefined,
})

/** The Vaults that this machine can run, by what they are. Only the one in memory asks the directory. */
export const vaults: readonly (readonly [
  name: 'in memory' | 'real',
  start: (directory?: LoginDirectory) => Promise<TestVault>,
])[] = [
  ['in memory', (directory = emptyDirectory) => startInMemory(directory)],
  ...(binary === undefined ? [] : [['real', () => startReal(binary)] as const]),
]
