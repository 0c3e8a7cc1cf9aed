import { readFileSync } from 'node:fs'
import { Docker } from '../clients/docker.ts'
import { Registry } from '../clients/registry.ts'
import { Ucp } from '../clients/ucp.ts'
import { Vault } from '../clients/vault.ts'
import { Vsphere } from '../clients/vsphere.ts'
import { Fault } from '../core/fault.ts'
import type { Connected } from '../deploy/connected.ts'

/** The clients of one cluster's systems. Each throws {Fault} `invalid-request` where its files are missing. */
export interface Systems {
  readonly ucp: () => Ucp
  readonly docker: () => Docker
  readonly registry: () => Registry
  readonly vault: () => Vault
  readonly vsphere: () => Vsphere
}

const authority = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new Fault('invalid-request', `The certificate authority in ${file} cannot be read.`, {
      cause,
      details: { hint: 'Check `caFile` of the connections file.' },
    })
  }
}

const openDocker = ({ docker }: Connected): Docker => {
  const { host, caMaterial, certMaterial, keyMaterial } = docker()
  return new Docker({ host, tls: { ca: caMaterial, cert: certMaterial, key: keyMaterial } })
}

const openVault = ({ vault }: Connected): Vault => {
  const { address, token, caFile } = vault()
  return new Vault({
    address,
    token,
    ...(caFile === undefined ? {} : { tls: { ca: authority(caFile) } }),
  })
}

const openVsphere = ({ vcenter }: Connected): Vsphere => {
  const { server, user, password, allowUnverifiedTls } = vcenter()
  return new Vsphere({ server, user, password, tls: { allowUnverified: allowUnverifiedTls } })
}

interface Closable {
  readonly close: () => Promise<void>
}

/** Clients of a cluster's systems for as long as `act` lasts, each opened when it is asked for. Rejects as `act` does. */
export const withSystems = async <T>(
  connected: Connected,
  act: (systems: Systems) => Promise<T>,
): Promise<T> => {
  const open: Closable[] = []
  const once = <C extends Closable>(make: () => C): (() => C) => {
    let client: C | undefined
    return () => {
      if (client === undefined) {
        client = make()
        open.push(client)
      }
      return client
    }
  }
  try {
    return await act({
      ucp: once(() => new Ucp(connected.ucp())),
      docker: once(() => openDocker(connected)),
      registry: once(() => new Registry(connected.registry())),
      vault: once(() => openVault(connected)),
      vsphere: once(() => openVsphere(connected)),
    })
  } finally {
    await Promise.allSettled(open.map((client) => client.close()))
  }
}
