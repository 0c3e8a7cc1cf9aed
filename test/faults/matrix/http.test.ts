import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { recordRow } from '../record-row.ts'
import { type FaultKind, faultKinds } from './fault-kinds.ts'
import { type Campaign, campaign } from './http-campaign.ts'
import { type Life, openLife, stepNames } from './life.ts'
import { isWhole, pick, random, seed } from './seeded.ts'

let life: Life
beforeAll(async () => {
  life = await openLife('disturbed')
})
afterAll(async () => {
  await life?.close()
})

/** Every step of a life, each disturbed; then everything is as before it. */
const disturbedLife = async (faultOf: () => FaultKind): Promise<readonly Campaign[]> => {
  const campaigns: Campaign[] = []
  for (const step of stepNames) campaigns.push(await campaign(life, step, faultOf))
  await life.clear()
  return campaigns
}

const slug = (name: string): string => name.replace(/[^a-z0-9]+/gi, '-').toLowerCase()

/** Every kind of call of a whole life, so that a row that failed says how many cases it stands for. */
const allCases = (): number => stepNames.reduce((sum, step) => sum + new Set(life.calls[step]).size, 0)

const recorded = async (
  name: string,
  fault: string,
  live: () => Promise<readonly Campaign[]>,
): Promise<void> => {
  const started = performance.now()
  const row = { fault, step: 'every kind of changing call of up, update, replace and destroy' }
  let campaigns: readonly Campaign[] = []
  try {
    campaigns = await live()
  } finally {
    const cases = campaigns.reduce((sum, { met }) => sum + met.length, 0)
    const failed = campaigns.reduce((sum, one) => sum + one.failed, 0)
    await recordRow(name, {
      ...row,
      cases: cases === 0 ? allCases() : cases,
      sameState: cases,
      retried: `${cases - failed} by the client, ${failed} by the next run`,
      seconds: (performance.now() - started) / 1000,
    })
  }
}

describe.runIf(isWhole)('every changing call that meets', () => {
  test.each(faultKinds)('$name ends in the same world', async (kind) => {
    await recorded(`http-${slug(kind.name)}`, kind.name, () => disturbedLife(() => kind))
  })
})

describe.runIf(!isWhole)('every changing call that meets one fault of the matrix', () => {
  test('ends in the same world', async () => {
    const next = random(seed)
    console.log(`faults drawn by TENANTRY_SEED=${seed}`)
    await recorded('http-sample', 'one of the answers and breaks below, drawn by a seed', () =>
      disturbedLife(() => pick(faultKinds, next)),
    )
    expect(life.calls.up.length).toBeGreaterThan(50)
  })
})
