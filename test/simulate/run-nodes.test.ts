import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { noContainers, taskOf } from '../../src/simulate/containers.ts'
import { generatedLoad } from '../../src/simulate/generated-load.ts'
import { openRehearsal } from '../../src/simulate/rehearsal.ts'
import { stepNodeWatchers } from '../../src/simulate/run-nodes.ts'
import { SimNode } from '../../src/simulate/sim-node.ts'
import { decideNode } from '../../src/watch/node/decide-node.ts'
import { type NodeWindows, noWindows, observeSample } from '../../src/watch/node/decide-windows.ts'
import { scenario } from './small-scenario.ts'

const rehearsal = (nodes: number, sampleSeconds = 5) => {
  const watch = { node: { sampleSeconds, staleSeconds: Math.max(30, 2 * sampleSeconds) } }
  const run = openRehearsal(scenario, { ...scenario.settings, watch }, generatedLoad(scenario.load))
  const table = noContainers(nodes, 1)
  for (let slot = 0; slot < nodes; slot++)
    run.nodes.push(
      new SimNode(
        { id: `n${slot}`, hostname: `h${slot}`, slot, capacity: run.settings.machine },
        taskOf(table),
      ),
    )
  return run
}

/** A node whose watcher is asked at every sample, without leaving anything out. */
interface Plain {
  windows: NodeWindows
  isPaused: boolean
}

const plainStep = (
  plain: Plain,
  loads: { from: number; to: number; load: number },
  rules: ReturnType<typeof rehearsal>['settings']['node'],
) => {
  for (
    let at = Math.ceil(loads.from / rules.sampleSeconds) * rules.sampleSeconds * 1000;
    at < loads.to * 1000;
    at += rules.sampleSeconds * 1000
  ) {
    const sample = { at, loadPercent: loads.load, memoryPercent: 10 }
    plain.windows = observeSample(plain.windows, sample, rules)
    const counts = { nodes: 10, othersUnusable: 0 }
    const { action } = decideNode({
      sample,
      windows: plain.windows,
      unsound: undefined,
      now: at,
      rules,
      standing: {
        role: 'worker',
        isReady: true,
        availability: plain.isPaused ? 'pause' : 'active',
        isOurs: plain.isPaused,
        isHeld: false,
        collection: counts,
        pool: counts,
      },
    })
    if (action !== 'nothing') plain.isPaused = action === 'pause'
  }
}

describe('the node watchers of a rehearsal', () => {
  it('do what they would do if every sample of every node were looked at', () => {
    const loads = fc.array(fc.constantFrom(20, 74, 75, 76, 80, 81, 95), {
      minLength: 1,
      maxLength: 60,
      size: 'max',
    })
    fc.assert(
      fc.property(
        loads,
        fc.constantFrom(5, 30, 60, 300),
        fc.constantFrom(5, 7, 20, 60),
        (all, stepSeconds, sampleSeconds) => {
          // Nine calm nodes beside it, so that no share stands in the way.
          const run = rehearsal(10, sampleSeconds)
          const [node] = run.nodes
          const plain: Plain = { windows: noWindows, isPaused: false }
          for (const [at, load] of all.entries()) {
            const [from, to] = [at * stepSeconds, (at + 1) * stepSeconds]
            for (const one of run.nodes)
              Object.assign(one.sample, { loadPercent: one === node ? load : 10, memoryPercent: 10 })
            stepNodeWatchers(run, from, to)
            plainStep(plain, { from, to, load }, run.settings.node)
            expect(node?.heldBy === 'node-watcher').toBe(plain.isPaused)
          }
        },
      ),
      { numRuns: 400 },
    )
  })

  it('touch no node that is drained or down', () => {
    const run = rehearsal(3)
    const [drained, down] = run.nodes
    if (drained) Object.assign(drained, { availability: 'drain', heldBy: 'person' })
    if (down) down.state = 'down'
    for (const one of run.nodes) Object.assign(one.sample, { loadPercent: 99, memoryPercent: 10 })
    stepNodeWatchers(run, 0, 600)
    expect(drained?.availability).toBe('drain')
    expect(down?.availability).toBe('active')
  })
})
