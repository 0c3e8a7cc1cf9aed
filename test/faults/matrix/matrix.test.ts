import { afterAll, beforeAll, describe } from 'vitest'
import { describeHttpFaults } from './http-cases.ts'
import { describeKills } from './kill-cases.ts'
import { type Life, openLife } from './life.ts'
import { describeTwoRuns } from './two-runs.ts'

/** Which part of the matrix, so that two processes can share it: `http`, `kills`, or both where absent. */
const part = process.env.TENANTRY_FAULTS_PART ?? ''
const isLinux = process.platform === 'linux'
if (!isLinux) console.log('skipped: killing parts of a run needs /proc, which only Linux has')

let life: Life
beforeAll(async () => {
  life = await openLife(part === '' ? 'interrupted' : `interrupted-${part}`)
})
afterAll(async () => {
  await life?.close()
})

const lifeOf = (): Life => life

describe.runIf(part !== 'kills')('servers', () => describeHttpFaults(lifeOf))
describe.runIf(part !== 'http' && isLinux)('processes', () => {
  describeTwoRuns(lifeOf)
  describeKills(lifeOf)
})
