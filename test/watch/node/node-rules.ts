import type { NodeStanding } from '../../../src/watch/node/decide-node.ts'
import type { NodeRules } from '../../../src/watch/node/decide-windows.ts'

/** The rules of the shipped cluster files. */
export const rules: NodeRules = {
  pause: { loadPercent: 80, memoryPercent: 80 },
  resume: { loadPercent: 75, memoryPercent: 75 },
  breachSeconds: 60,
  calmSeconds: 120,
  staleSeconds: 30,
  maxPausedPercent: 80,
}

/** A worker that nobody touched, among ten that are well. */
export const standing: NodeStanding = {
  role: 'worker',
  isReady: true,
  availability: 'active',
  isOurs: false,
  isHeld: false,
  collection: { nodes: 10, othersUnusable: 0 },
  pool: { nodes: 10, othersUnusable: 0 },
}

export const pausedByUs: NodeStanding = { ...standing, availability: 'pause', isOurs: true }
