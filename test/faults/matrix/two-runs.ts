import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkoutRoot } from '../../../src/engine/checkout.ts'
import { handsOn } from '../../integration/by-hand.ts'
import { tallyFaults } from '../record-row.ts'
import { type Ended, startTenantry } from './kill.ts'
import type { Life } from './life.ts'
import { neighbour, neighbourFile } from './tenant-files.ts'

const destroyedAndCleared = async (life: Life): Promise<void> => {
  await life.run('destroy')
  await life.expectReached('destroy', 'after two runs')
  await life.clear()
}

/** The part of the matrix in which somebody else runs at the same time. */
export const describeTwoRuns = (lifeOf: () => Life): void => {
  describe('two runs at once', () => {
    test('on one stack: the first finishes, the second is told who holds it', async () => {
      const life = lifeOf()
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
      await destroyedAndCleared(life)
    })

    test('on two stacks: both finish', async () => {
      const life = lifeOf()
      const file = join(life.session.files, 'tenants', `${neighbour}.ts`)
      const tally = tallyFaults(
        'runs-two-stacks',
        { fault: 'two runs at once', step: 'on two stacks, one made while the other goes' },
        () => 'nothing',
      )
      try {
        await tally.count(async () => {
          await writeFile(file, neighbourFile)
          const made = await startTenantry(life, 'up', neighbour).ended
          expect(made.code, made.output).toBe(0)
          await life.prepare('up')
          life.disturbance.direct(() => ({ kind: 'slow', milliseconds: 50 }))
          const runs = [startTenantry(life, 'up'), startTenantry(life, 'destroy', neighbour)]
          const [ours, theirs] = await Promise.all(runs.map(({ ended }) => ended))
          life.disturbance.rest()
          expect(theirs?.code, theirs?.output).toBe(0)
          // A role that both had goes with the last grant of theirs; where ours has none yet, it is told and made by the next run.
          if (ours?.code !== 0) {
            expect(ours?.output).toMatch(/The role \S+ does not exist/)
            const next = await startTenantry(life, 'up').ended
            expect(next.code, next.output).toBe(0)
          }
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
      await destroyedAndCleared(life)
    })
  })
}
