import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from '../engine/cache.ts'
import { createAuthority } from './certificates.ts'
import { startFaultProxy } from './fault-proxy.ts'
import { startInMemoryVcenter } from './vcenter/in-memory.ts'
import type { LabVcenter } from './vcenter/lab-vcenter.ts'
import { startVcsim, vcsimVersion } from './vcenter/vcsim.ts'

/** Where the build of tools/vcsim lies, if it was made. */
const builtVcsim = (): string => join(cacheFolder('vcsim', vcsimVersion), 'vcsim')

/** The vCenter that the clusters of a lab share: the simulator where it is built and wanted, else the one in memory. */
export const startLabVcenter = async (preferReal: boolean): Promise<LabVcenter> => {
  const binary = builtVcsim()
  return preferReal && existsSync(binary) ? startVcsim(binary) : startInMemoryVcenter()
}

/** The same vCenter behind a fault proxy, with a certificate of an authority of its own. */
export const behindFaultProxy = async (vcenter: LabVcenter): Promise<LabVcenter> => {
  const authority = await createAuthority('Tenantry lab fault proxy')
  const proxy = await startFaultProxy({
    upstream: `https://${vcenter.address}`,
    upstreamCa: vcenter.caCertificate,
    tls: await authority.issueServer('vcenter'),
  })
  return {
    ...vcenter,
    address: new URL(proxy.address).host,
    caCertificate: authority.certificate,
    proxy,
    stop: async () => {
      await proxy.stop()
      await vcenter.stop()
    },
  }
}
