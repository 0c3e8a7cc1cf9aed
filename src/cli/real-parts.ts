import { isFault } from '../core/fault.ts'
import { buildVcsim } from '../lab/vcenter/vcsim.ts'

/** Builds the vCenter simulator where Go is there; says what stands in where it is not. */
export const tryVcsim = async (report: (line: string) => void): Promise<void> => {
  try {
    await buildVcsim(report)
  } catch (error) {
    if (!isFault(error, 'missing-tool')) throw error
    report('The vCenter simulator needs Go to be built; a small one in memory stands in.')
  }
}
