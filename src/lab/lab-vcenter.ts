import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from '../engine/cache.ts'
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
