import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { checkoutRoot } from '../../src/engine/checkout.ts'
import { seed } from '../seed.ts'
import { isWhole } from './matrix/seeded.ts'
import { arbitraryCase, type Case, CaseRunner, editsFor } from './model-case.ts'
import { FastTime } from './model-engine/fast-time.ts'
import { startModelLab } from './model-lab.ts'
import type { Tally } from './model-script.ts'
import { tallyFaults } from './record-row.ts'

/** Handshakes cost more than calls here, and a pool of undici's own size opens one for every call that has to wait. */
vi.mock('undici', async (original) => {
  const undici = await original<typeof import('undici')>()
  class SmallAgent extends undici.Agent {
    constructor(options?: ConstructorParameters<typeof undici.Agent>[0]) {
      super({ ...options, connections: 3 })
    }
  }
  return { ...undici, Agent: SmallAgent }
})

const standardCases = isWhole ? 2_000 : 500
/** A failing case is made smaller at most so often: each try is some runs, and a lab where it fails again. */
const mostShrinks = 40

const casesOf = (index: number, of: number): number => {
  const all = Number(process.env.TENANTRY_CASES ?? standardCases)
  return Math.floor(all / of) + (index < all % of ? 1 : 0)
}

const linesOf = (tally: Tally): readonly string[] =>
  [...tally].sort(([a], [b]) => (a < b ? -1 : 1)).map(([what, times]) => `${what}: ${times}`)

/** What a person needs of a case: the tenant's parts as they differ, and the script a line each. */
const readable = ({ isNew, tenant, operation, script, next }: Case): string =>
  [
    `${isNew ? 'a new stack' : 'an edit'}, disturbed ${operation}, then ${next}`,
    ...(isNew && next !== 'back' ? [] : [`before ${JSON.stringify(tenant.before)}`]),
    `after  ${JSON.stringify(tenant.after)}`,
    ...script.map((one) => `  ${JSON.stringify(one)}`),
  ].join('\n')

/** A case is over in a second or two; nothing in it may wait for ever. */
const longestCaseMilliseconds = 45_000

const hangs = async (signal: AbortSignal): Promise<void> => {
  const isOver = await wait(longestCaseMilliseconds, false, { signal }).catch(() => true)
  if (!isOver) throw new Error(`it hangs: nothing came of it in ${longestCaseMilliseconds / 1000} s`)
}

/**
 * The model test: a prior state, an edit of a tenant, faults and deaths, one operation; then an undisturbed run. One of
 * several parts of the cases, each in a process of its own.
 */
export const modelShard = (index: number, of: number): void => {
  const time = new FastTime()
  const tally: Tally = new Map()
  const cases = casesOf(index, of)
  const rows = tallyFaults(
    `model-${index + 1}`,
    {
      fault: 'any faults and deaths, up to three, by chance',
      step: `up, destroy, refresh or preview of any edit of a tenant, on a model of the engine (${index + 1} of ${of})`,
    },
    () => `${tally.get('calls met by a fault') ?? 0} calls met a fault`,
  )
  let runner: CaseRunner | undefined
  let left = mostShrinks
  let hasFailed = false

  const open = async (): Promise<CaseRunner> => {
    time.uninstall()
    const lab = await startModelLab()
    time.install()
    // Traces of the thousands of promises that the SDK makes, each a look at the sources.
    Error.stackTraceLimit = 0
    const opened = new CaseRunner(lab, time, tally)
    await opened.prepare()
    return opened
  }

  /** A case that failed leaves the lab as it is: the next gets another. */
  const runCase = async (one: Case): Promise<void> => {
    runner ??= await open()
    const over = new AbortController()
    try {
      await Promise.race([runner.run(one), hangs(over.signal)])
      over.abort()
    } catch (error) {
      over.abort()
      const broken = runner
      runner = undefined
      await broken.close()
      throw error
    }
  }

  beforeAll(async () => {
    runner = await open()
  })

  afterAll(async () => {
    time.uninstall()
    await runner?.close()
    await rows.write()
    const folder = join(checkoutRoot(), '.tenantry')
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, `model-counts-${index + 1}.json`), JSON.stringify(Object.fromEntries(tally)))
  })

  test(`no failure loses, leaks or doubles anything (${index + 1} of ${of})`, async () => {
    console.log(`${cases} cases, TENANTRY_SEED=${seed}`)
    const started = performance.now()
    const some = arbitraryCase(editsFor(cases, seed + index))
    const property = fc.asyncProperty(some, async (one) => {
      if (hasFailed) {
        left -= 1
        if (left < 0) return
        return runCase(one)
      }
      try {
        await rows.count(async () => {
          await runCase(one)
          return 0
        })
      } catch (error) {
        hasFailed = true
        throw error
      }
    })
    const found = await fc.check(property, { numRuns: cases, seed: seed + index })
    const seconds = ((performance.now() - started) / 1000).toFixed(0)
    console.log(`${found.numRuns} cases in ${seconds} s\n  ${linesOf(tally).join('\n  ')}`)
    const [smallest] = found.counterexample ?? []
    const reason = found.errorInstance instanceof Error ? found.errorInstance.message : ''
    expect(smallest === undefined ? '' : `${reason}\n${readable(smallest)}`).toBe('')
  })
}
