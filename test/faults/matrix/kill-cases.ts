import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { seed } from '../../seed.ts'
import { type FaultTally, tallyFaults } from '../record-row.ts'
import { fates, type KillPoint, killCase, type Victim, victims } from './kill.ts'
import { type Life, type StepName, stepNames } from './life.ts'
import { isWhole, pick, random } from './seeded.ts'

/** How many of the victims each call of the whole matrix meets. */
const rounds = Math.min(victims.length, Number(process.env.TENANTRY_KILL_ROUNDS ?? victims.length))
/** How many kills a sample has; `up` gets most of them. */
const sampled: Readonly<Record<StepName, number>> = { up: 5, update: 1, replace: 1, destroy: 1 }

const next = random(seed)

const victimAt = (at: number): Victim => victims[at % victims.length] ?? 'all'

/** Every changing call of a step in order, the victim of each one another one in the next round. */
const everyPoint = (life: Life, step: StepName, round: number): readonly KillPoint[] =>
  life.calls[step].map((_, index) => ({
    step,
    write: index + 1,
    victim: victimAt(index + round),
    fate: pick(fates, next),
  }))

/** One in each part of a step, so that all of it is tried. */
const somePoints = (life: Life, step: StepName, at: number): readonly KillPoint[] =>
  Array.from({ length: sampled[step] }, (_, index) => ({
    step,
    write: 1 + Math.floor(((index + next()) * life.calls[step].length) / sampled[step]),
    victim: victimAt(index + at),
    fate: pick(fates, next),
  }))

type Points = Readonly<Record<StepName, readonly KillPoint[]>>

const pointsOf = (of: (step: StepName, at: number) => readonly KillPoint[]): Points => ({
  up: of('up', 0),
  update: of('update', 1),
  replace: of('replace', 2),
  destroy: of('destroy', 3),
})

const words: Readonly<Record<Victim, string>> = {
  plugin: 'the provider’s process is killed',
  engine: 'the engine is killed',
  all: 'the whole run is killed',
  tenantry: '`tenantry` is killed, its engine goes on',
}

interface Killing {
  readonly life: Life
  readonly points: Points
  readonly tallies: ReadonlyMap<Victim, FaultTally>
}

/** One step of a life, killed where there is a point; what went wrong, if anything. */
const liveStep = async ({ life, tallies }: Killing, step: StepName, point?: KillPoint): Promise<string[]> => {
  if (point === undefined) {
    await life.prepare(step)
    await life.run(step)
    return []
  }
  try {
    await tallies.get(point.victim)?.count(() => killCase(life, point))
    return []
  } catch (error) {
    const wrong = `${JSON.stringify(point)}: ${inspect(error, { depth: 4 })}`
    console.log(wrong)
    // The next point is to begin where an undisturbed run ends.
    await life.run(step)
    return [wrong]
  }
}

/** After each life, so that a run that is cut off leaves what it counted. */
const writeDown = async (tallies: Killing['tallies']): Promise<void> => {
  for (const tally of tallies.values()) await tally.write()
}

/** Lives as often as the step with the most points needs; each life meets one point a step. */
const liveThrough = async (killing: Killing): Promise<readonly string[]> => {
  const { life, points, tallies } = killing
  const wrong: string[] = []
  const lives = Math.max(...stepNames.map((step) => points[step].length))
  for (let count = 0; count < lives; count++) {
    const last = stepNames.findLastIndex((step) => step !== 'destroy' && points[step][count] !== undefined)
    for (const [index, step] of stepNames.entries())
      if (index <= last || step === 'destroy')
        wrong.push(...(await liveStep(killing, step, points[step][count])))
    await life.clear()
    await writeDown(tallies)
  }
  return wrong
}

const talliesOf = (): ReadonlyMap<Victim, FaultTally> =>
  new Map(
    victims.map((victim) => [
      victim,
      tallyFaults(`kill-${victim}${isWhole ? '' : '-sample'}`, {
        fault: words[victim],
        step: isWhole ? 'at changing calls of up, update, replace and destroy' : 'at calls drawn by a seed',
      }),
    ]),
  )

const sampleOf = (life: Life): Points => pointsOf((step, at) => somePoints(life, step, at))
const roundOf = (life: Life, round: number): Points => pointsOf((step) => everyPoint(life, step, round))

/** The part of the matrix in which processes die. */
export const describeKills = (lifeOf: () => Life): void => {
  describe('a run that is killed', () => {
    const tallies = talliesOf()
    const turns = Array.from({ length: isWhole ? rounds : 1 }, (_, round) => round + 1)
    test.each(turns)(
      'is finished by the next one, which needs nobody and makes nothing twice (%d)',
      async (turn) => {
        const life = lifeOf()
        const points = isWhole ? roundOf(life, turn - 1) : sampleOf(life)
        const wrong = await liveThrough({ life, points, tallies }).finally(() => writeDown(tallies))
        expect(wrong).toEqual([])
      },
    )
  })
}
