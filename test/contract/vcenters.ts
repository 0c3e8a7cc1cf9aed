import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Vsphere } from '../../src/clients/vsphere.ts'
import { cacheFolder } from '../../src/engine/cache.ts'
import { startInMemoryVcenter } from '../../src/lab/vcenter/in-memory.ts'
import type { LabVcenter } from '../../src/lab/vcenter/lab-vcenter.ts'
import { startVcsim, vcsimVersion } from '../../src/lab/vcenter/vcsim.ts'
import { missingPart } from '../missing-part.ts'

const vcsim = join(cacheFolder('vcsim', vcsimVersion), 'vcsim')

/** Whether the vCenter simulator is built on this machine; says so where it is not. */
export const hasVcsim = (what: string): boolean => {
  if (existsSync(vcsim)) return true
  missingPart('vcsim', what)
  return false
}

/** The vCenters that this machine can run, by what they are. */
export const vcenters: readonly (readonly [string, () => Promise<LabVcenter>])[] = [
  ['in memory', () => startInMemoryVcenter()],
  ...(hasVcsim('the contract on the vCenter simulator') ? [['vcsim', () => startVcsim(vcsim)] as const] : []),
]

/** A client that trusts the vCenter's own certificate. */
export const clientOf = (vcenter: LabVcenter): Vsphere =>
  new Vsphere({
    server: vcenter.address,
    user: vcenter.user,
    password: vcenter.password,
    tls: { ca: vcenter.caCertificate },
  })
