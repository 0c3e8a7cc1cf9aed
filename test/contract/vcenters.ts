import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { Vsphere } from '../../src/clients/vsphere.ts'
import { startInMemoryVcenter } from '../../src/lab/vcenter/in-memory.ts'
import type { LabVcenter } from '../../src/lab/vcenter/lab-vcenter.ts'
import { startVcsim, vcsimVersion } from '../../src/lab/vcenter/vcsim.ts'

const cache =
  process.env.TENANTRY_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'tenantry')
const vcsim = join(cache, 'vcsim', vcsimVersion, 'vcsim')

if (!existsSync(vcsim)) console.log(`skipped: vcsim is not built (${vcsim})`)

/** The vCenters that this machine can run, by what they are. */
export const vcenters: readonly (readonly [string, () => Promise<LabVcenter>])[] = [
  ['in memory', () => startInMemoryVcenter()],
  ...(existsSync(vcsim) ? [['vcsim', () => startVcsim(vcsim)] as const] : []),
]

/** A client that trusts the vCenter's own certificate. */
export const clientOf = (vcenter: LabVcenter): Vsphere =>
  new Vsphere({
    server: vcenter.address,
    user: vcenter.user,
    password: vcenter.password,
    tls: { ca: vcenter.caCertificate },
  })
