import type { Issue, Source } from '../../core/issue.ts'
import type { YamlPath } from '../yaml-node.ts'

/** What fitting a model to Swarm tells beside its result. */
export interface Telling {
  /** Left out without changing what the stack means in Swarm. */
  readonly warning: (issue: Issue) => void
  /** Cannot be said in a stack file; nothing is written. */
  readonly issue: (issue: Issue) => void
}

/** The warning that a field is left out. `reason` is a clause: 'a task runs on any node'. */
export const leftOut = (path: YamlPath, source: Source, reason: string): Issue => ({
  code: 'compose/left-out',
  message: `${path.join('.')} is left out of the stack: ${reason}.`,
  source,
  hint: 'Take it out of the file, or leave it there for runs outside Swarm.',
})

/** The issue of what a stack file cannot say. */
export const notInSwarm = (path: YamlPath, source: Source, why: string, hint: string): Issue => ({
  code: 'compose/not-in-swarm',
  message: `${path.join('.')} cannot go into a stack: ${why}.`,
  source,
  hint,
})
