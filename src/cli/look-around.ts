import type { StackState } from '../model/desired-state.ts'
import { asRenamed, type NewNames } from '../plan/as-renamed.ts'
import { type UnownedThing, unownedThings } from '../plan/unowned.ts'
import type { BlindSpot, ClusterSurvey, SurveyedCluster } from '../survey/survey-cluster.ts'
import type { HandChange } from './hand-changes.ts'

/** What is on the clusters besides what stacks hold. */
export interface Surroundings {
  readonly unowned: readonly UnownedThing[]
  readonly blindSpots: readonly BlindSpot[]
}

/** A look at a cluster, and the states that it is compared with. */
export interface ClusterLook extends SurveyedCluster {
  readonly states: readonly StackState[]
}

/** Looks at every cluster at once. Changes nothing. */
export const lookAround = (
  surveys: readonly ClusterSurvey[],
  survey: (one: ClusterSurvey) => Promise<SurveyedCluster>,
): Promise<readonly ClusterLook[]> =>
  Promise.all(surveys.map(async (one) => ({ ...(await survey(one)), states: one.states })))

const newNames = (changes: readonly HandChange[]): NewNames =>
  new Map(
    changes.flatMap(({ resource, properties }) =>
      properties.flatMap(({ path, to }) =>
        path === 'name' && typeof to === 'string' ? [[resource, to] as const] : [],
      ),
    ),
  )

/**
 * What belongs to nobody, and what could not be seen. What somebody renamed by hand is its stack's still, and told as renamed by the
 * caller. Pure.
 */
export const surroundings = (
  looks: readonly ClusterLook[],
  drifted: readonly { readonly stack: string; readonly changes: readonly HandChange[] }[],
): Surroundings => {
  const names = new Map(drifted.map(({ stack, changes }) => [stack, newNames(changes)]))
  const renamed = (states: readonly StackState[]) =>
    states.flatMap((state) => {
      const found = names.get(state.stack)
      return found === undefined || found.size === 0 ? [] : [asRenamed(state, found)]
    })
  return {
    unowned: looks.flatMap(({ cluster, states, things }) =>
      unownedThings({ cluster, states: [...states, ...renamed(states)] }, things),
    ),
    blindSpots: looks.flatMap(({ blindSpots }) => blindSpots),
  }
}
