import { join } from 'node:path'
import { Vault } from '../../clients/vault.ts'
import type { Secret } from '../../core/secret.ts'
import { type FaultProxy, startFaultProxy } from '../fault-proxy.ts'
import { randomPassword } from '../layout.ts'
import { startLdapServer } from '../ldap/ldap-server.ts'
import { loginDirectory, type People } from '../people.ts'
import { configureLdap } from './ldap-administrator.ts'
import { platformPolicy, platformPolicyName } from './platform-policy.ts'
import { findVaultBinary, startRealVault } from './real-vault.ts'
import { startInMemoryVault, type VaultServer } from './serve-vault.ts'

/** A secret that a cluster file refers to, below the mount `platform`. */
export interface SeedSecret {
  readonly path: string
  readonly data: Readonly<Record<string, string>>
}

export interface LabVaultOptions {
  readonly cluster: string
  /** Who can log in by LDAP. */
  readonly people: People
  readonly seeds: readonly SeedSecret[]
  /** Home of a real server's process. */
  readonly folder: string
  readonly logs: string
  /** Whether a real server is taken where there is one. */
  readonly preferReal: boolean
  /** Whether a fault proxy stands before it. */
  readonly faultProxy?: boolean
  /** Told of a real server's process. */
  readonly onProcess: (pid: number) => Promise<void>
}

export interface LabVault extends VaultServer {
  /** With the rights of `platformPolicy`. */
  readonly platformToken: Secret
  /** Where machines of the cluster reach it: their way passes no fault proxy. */
  readonly nodeAddress: string
  /** What stands before it, where faults are wanted; `address` is the proxy's then. */
  readonly proxy?: FaultProxy
}

const platformMount = 'platform'
/** Longer than a working day; the token renews itself for as long as somebody uses it. */
const tokenPeriodSeconds = 7 * 24 * 3600

const start = async (options: LabVaultOptions): Promise<VaultServer> => {
  const binary = options.preferReal ? await findVaultBinary() : undefined
  if (binary === undefined)
    return startInMemoryVault({
      rootToken: `hvs.${randomPassword().reveal()}`,
      directory: loginDirectory(options.people),
    })
  const { folder, logs, cluster, onProcess } = options
  return startRealVault({ binary, folder, logFile: join(logs, `vault-${cluster}.log`), onProcess })
}

const seed = async (vault: Vault, seeds: readonly SeedSecret[]): Promise<Secret> => {
  await vault.enableMount(platformMount, {
    type: 'kv',
    options: { version: '2' },
    description: 'The platform’s own secrets',
  })
  for (const { path, data } of seeds) await vault.writeSecret(platformMount, path, data)
  await vault.writePolicy(platformPolicyName, platformPolicy)
  return vault.createToken({
    policies: [platformPolicyName],
    displayName: 'tenantry',
    periodSeconds: tokenPeriodSeconds,
  })
}

/** A real Vault asks a directory over LDAP; the one in memory holds the people itself. */
const withDirectory = async (server: VaultServer, people: People): Promise<VaultServer> => {
  const ldap = await startLdapServer(people)
  const administrator = new Vault({ address: server.address, token: server.rootToken })
  const end = configureLdap(administrator, ldap)
  const stop = async (): Promise<void> => {
    await end()
    await administrator.close()
    await ldap.stop()
    await server.stop()
  }
  return { ...server, stop }
}

const behindFaultProxy = async (vault: LabVault): Promise<LabVault> => {
  const proxy = await startFaultProxy({ upstream: vault.address })
  const stop = async (): Promise<void> => {
    await proxy.stop()
    await vault.stop()
  }
  return { ...vault, address: proxy.address, proxy, stop }
}

/** A cluster's Vault, the real one or the one in memory, with what stands in it before any organization comes. */
export const startLabVault = async (options: LabVaultOptions): Promise<LabVault> => {
  let server = await start(options)
  const root = new Vault({
    address: server.address,
    token: server.rootToken,
    system: `Vault ${options.cluster}`,
  })
  try {
    const platformToken = await seed(root, options.seeds)
    if (server.reality === 'real') server = await withDirectory(server, options.people)
    const vault = { ...server, platformToken, nodeAddress: server.address }
    return options.faultProxy === true ? await behindFaultProxy(vault) : vault
  } catch (error) {
    await server.stop()
    throw error
  } finally {
    await root.close()
  }
}
