import { describe, expect, test } from 'vitest'
import { seed } from '../../seed.ts'
import { recordRow } from '../record-row.ts'
import { type FaultKind, faultKinds } from './fault-kinds.ts'
import { type Campaign, campaign } from './http-campaign.ts'
import { type Life, stepNames } from './life.ts'
import { isWhole, pick, random } from './seeded.ts'

/** Every step of a life, each disturbed; then everything is as before it. */
const disturbedLife = async (life: Life, faultOf: () => FaultKind): Promise<readonly Campaign[]> => {
  const campaigns: Campaign[] = []
  for (const step of stepNames) campaigns.push(await campaign(life, step, faultOf))
  await life.clear()
  return campaigns
}

const slug = (name: string): string => name.replace(/[^a-z0-9]+/gi, '-').toLowerCase()

/** Every kind of call of a whole life, so that a row that failed says how many cases it stands for. */
const allCases = (life: Life): number =>
  stepNames.reduce((sum, step) => sum + new Set(life.calls[step]).size, 0)

interface Recorded {
  /** Of the row’s file. */
  readonly name: string
  readonly fault: string
  readonly life: Life
  readonly faultOf: () => FaultKind
}

const recorded = async ({ name, fault, life, faultOf }: Recorded): Promise<void> => {
  const started = performance.now()
  const step = 'every kind of changing call of up, update, replace and destroy'
  let campaigns: readonly Campaign[] = []
  try {
    campaigns = await disturbedLife(life, faultOf)
  } catch (error) {
    await life.startOver()
    throw error
  } finally {
    const cases = campaigns.reduce((sum, { met }) => sum + met.length, 0)
    const failed = campaigns.reduce((sum, one) => sum + one.failed, 0)
    await recordRow(name, {
      ...{ fault, step },
      cases: cases === 0 ? allCases(life) : cases,
      sameState: cases,
      retried: `${cases - failed} within the run, ${failed} by the next`,
      seconds: (performance.now() - started) / 1000,
    })
  }
}

/** The part of the matrix in which servers answer wrongly or not at all. */
export const describeHttpFaults = (lifeOf: () => Life): void => {
  describe.runIf(isWhole)('every changing call that meets', () => {
    test.each(faultKinds)('$name ends in the same world', async (kind) => {
      const name = `http-${slug(kind.name)}`
      await recorded({ name, fault: kind.name, life: lifeOf(), faultOf: () => kind })
    })
  })

  describe.runIf(!isWhole)('every changing call that meets one fault of the matrix', () => {
    test('ends in the same world', async () => {
      const next = random(seed)
      console.log(`faults drawn by TENANTRY_SEED=${seed}`)
      await recorded({
        name: 'http-sample',
        fault: 'a wrong answer or a break, drawn by a seed',
        life: lifeOf(),
        faultOf: () => pick(faultKinds, next),
      })
      expect(lifeOf().calls.up.length).toBeGreaterThan(50)
    })
  })
}
