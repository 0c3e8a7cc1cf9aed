import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { generatedLoad } from '../../src/simulate/generated-load.ts'
import { endDue, openRehearsal } from '../../src/simulate/rehearsal.ts'
import { carryOut, lookAtCluster } from '../../src/simulate/run-cluster.ts'
import { stepContainers } from '../../src/simulate/run-containers.ts'
import { stepLoad } from '../../src/simulate/run-load.ts'
import { beginMachines } from '../../src/simulate/run-machines.ts'
import { scenario, settings, steadyLoad } from './small-scenario.ts'

/** A look at which the watcher dies: before it did what it decided and saved, or with all that it had saved lost. */
type Crash = 'undone' | 'forgotten' | 'none'

const pool = () => {
  const load = [{ ...steadyLoad, containers: [[0, 60]] as [number, number][] }]
  const run = openRehearsal({ ...scenario, initial: 10 }, { ...settings, min: 3 }, generatedLoad(load))
  beginMachines(run)
  return run
}

const lookWith = (run: ReturnType<typeof pool>, second: number, crash: Crash): void => {
  run.workload.at(second, run.levels)
  endDue(run, second)
  stepContainers(run, second)
  stepLoad(run, second * 1000)
  if (crash === 'forgotten') run.memory = undefined
  const { action } = lookAtCluster(run, second)
  if (crash !== 'undone') carryOut(run, action, second)
}

describe('a cluster watcher that dies', () => {
  it('leaves nothing half done: the next one finishes or undoes, within the limits', () => {
    const crashes = fc.array(fc.constantFrom<Crash>('undone', 'forgotten', 'none'), {
      minLength: 1,
      maxLength: 200,
      size: 'max',
    })
    fc.assert(
      fc.property(crashes, (all) => {
        const run = pool()
        const steps = 3 * 24 * 60
        for (let step = 0; step < steps; step++) {
          lookWith(run, step * 60, all[step] ?? 'none')
          expect(run.machines.size).toBeLessThanOrEqual(settings.max)
          expect(run.machines.size).toBeGreaterThanOrEqual(3)
        }
        expect(run.nodes.map(({ availability }) => availability)).toEqual(run.nodes.map(() => 'active'))
        expect(run.nodes).toHaveLength(run.machines.size)
        expect(run.memory?.shrink).toBeUndefined()
        expect(run.memory?.awaited).toEqual({})
        expect(run.pending).toEqual([])
      }),
      { numRuns: 25 },
    )
  })
})
