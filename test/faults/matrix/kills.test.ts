import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkoutRoot } from '../../../src/engine/checkout.ts'
import { handsOn } from '../../integration/by-hand.ts'
import { type FaultTally, tallyFaults } from '../record-row.ts'
import { type Ended, fates, type KillPoint, killCase, startTenantry, type Victim, victims } from './kill.ts'
import { type Life, openLife, type StepName, stepNames } from './life.ts'
import { isWhole, pick, random, seed } from './seeded.ts'
import { neighbour, neighbourFile } from './tenant-files.ts'

/** How many of the victims each call of the whole matrix meets. */
const rounds = Math.min(victims.length, Number(process.env.TENANTRY_KILL_ROUNDS ?? victims.length))
/** How many kills a sample has; `up` gets most of them. */
const sampled: Readonly<Record<StepName, number>> = { up: 5, update: 1, replace: 1, destroy: 1 }

const isLinux = process.platform === 'linux'
if (!isLinux) console.log('skipped: killing parts of a run needs /proc, which only Linux has')

let life: Life
beforeAll(async () => {
  if (isLinux) life = await openLife('killed')
})
afterAll(async () => {
  await life?.close()
})

const next = random(seed)

const victimAt = (at: number): Victim => victims[at % victims.length] ?? 'all'

/** Every changing call of a step in order, the victim of each one another one in the next round. */
const everyPoint = (step: StepName, round: number): readonly KillPoint[] =>
  life.calls[step].map((_, index) => ({
    step,
    write: index + 1,
    victim: victimAt(index + round),
    fate: pick(fates, next),
  }))

/** One in each part of a step, so that all of it is tried. */
const somePoints = (step: StepName, at: number): readonly KillPoint[] =>
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

/** Lives as often as the step with the most points needs; each life meets one point a step. */
const liveThrough = async (points: Points, tallies: ReadonlyMap<Victim, FaultTally>): Promise<void> => {
  const lives = Math.max(...stepNames.map((step) => points[step].length))
  for (let count = 0; count < lives; count++) {
    for (const step of stepNames) {
      const point = points[step][count]
      if (point !== undefined) {
        await tallies.get(point.victim)?.count(async () => {
          await killCase(life, point)
          return 1
        })
      } else if (
        step === 'destroy' ||
        stepNames.slice(stepNames.indexOf(step)).some((one) => points[one][count])
      ) {
        await life.prepare(step)
        await life.run(step)
      }
    }
    await life.clear()
  }
}

describe.runIf(isLinux)('a run that is killed', () => {
  test('is finished by the next one, which needs nobody and makes nothing twice', async () => {
    const tallies = new Map(
      victims.map((victim) => [
        victim,
        tallyFaults(`kill-${victim}${isWhole ? '' : '-sample'}`, {
          fault: words[victim],
          step: isWhole ? 'at changing calls of up, update, replace and destroy' : 'at calls drawn by a seed',
        }),
      ]),
    )
    try {
      const all = isWhole
        ? Array.from({ length: rounds }, (_, round) => pointsOf((step) => everyPoint(step, round)))
        : [pointsOf(somePoints)]
      for (const points of all) await liveThrough(points, tallies)
    } finally {
      for (const tally of tallies.values()) await tally.write()
    }
  })
})

const destroyedAndCleared = async (): Promise<void> => {
  await life.run('destroy')
  await life.expectReached('destroy', 'after two runs')
  await life.clear()
}

describe.runIf(isLinux)('two runs at once', () => {
  test('on one stack: the first finishes, the second is told who holds it', async () => {
    const tally = tallyFaults(
      'runs-one-stack',
      { fault: 'two runs at once', step: 'on one stack' },
      () => 'the second is refused by name',
    )
    try {
      await tally.count(async () => {
        await life.prepare('up')
        let isOver = false
        const second = new Promise<Ended>((resolve) => {
          let count = 0
          life.disturbance.direct(() => {
            count += 1
            if (count === 1) resolve(startTenantry(life, 'up').ended)
            return isOver ? undefined : { kind: 'slow', milliseconds: 2_000 }
          })
        })
        const first = startTenantry(life, 'up')
        const refused = await second
        isOver = true
        expect(refused.code, refused.output).toBe(3)
        expect(refused.output).toContain(`${life.stack} is being changed by \`up\` of `)
        expect(refused.output).toContain(`(pid ${first.pid}, since `)
        const { code, output } = await first.ended
        life.disturbance.rest()
        expect(code, output).toBe(0)
        await life.expectReached('up', 'two runs on one stack')
        return 0
      })
    } finally {
      life.disturbance.rest()
      await tally.write()
    }
    await destroyedAndCleared()
  })

  test('on two stacks: both finish', async () => {
    const file = join(life.session.files, 'tenants', `${neighbour}.ts`)
    const tally = tallyFaults(
      'runs-two-stacks',
      { fault: 'two runs at once', step: 'on two stacks of one cluster' },
      () => 'nothing',
    )
    try {
      await tally.count(async () => {
        await life.prepare('up')
        await writeFile(file, neighbourFile)
        life.disturbance.direct(() => ({ kind: 'slow', milliseconds: 50 }))
        const runs = [startTenantry(life, 'up'), startTenantry(life, 'up', neighbour)]
        for (const { code, output } of await Promise.all(runs.map(({ ended }) => ended)))
          expect(code, output).toBe(0)
        life.disturbance.rest()
        const gone = await startTenantry(life, 'destroy', neighbour).ended
        expect(gone.code, gone.output).toBe(0)
        const hands = handsOn(life.cluster)
        await hands.vault('DELETE', `sys/mounts/orgs/${neighbour}`).finally(() => hands.close())
        await life.expectReached('up', 'beside another run')
        return 0
      })
    } finally {
      life.disturbance.rest()
      await rm(file, { force: true })
      await rm(join(checkoutRoot(), 'stacks', `Pulumi.nonprod.${neighbour}.yaml`), { force: true })
      await tally.write()
    }
    await destroyedAndCleared()
  })
})
