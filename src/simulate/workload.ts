import type { Amounts } from '../compile/reservation.ts'

/** Containers that are alike but for their size. */
export interface LoadClass {
  readonly name: string
  readonly limits: Amounts
  /** What one needs after its start under minimum load. */
  readonly floor: Amounts
  /** Containers of one service. */
  readonly replicas: number
  readonly maxPerNode: number | undefined
  /** How different the services' sizes are; standard deviation around 1. */
  readonly spread: number
  readonly deploysPerDay: number
  /** Set for jobs: how long one takes on average. */
  readonly jobSeconds: number | undefined
  readonly bursts:
    | {
        readonly perContainerDay: number
        readonly factor: number
        readonly memoryFactor: number
        readonly seconds: number
      }
    | undefined
}

/** What each class asks for at a moment, by its place in `classes`; written over at each step. */
export interface Levels {
  /** Containers of a class; of jobs, how many begin on a day. */
  readonly containers: Float64Array
  /** Used by one container of size 1. */
  readonly cpuMillis: Float64Array
  readonly memoryBytes: Float64Array
}

/** Load over time, generated or recorded. */
export interface Workload {
  readonly classes: readonly LoadClass[]
  /** Writes what holds at a time in seconds since the begin. */
  readonly at: (second: number, levels: Levels) => void
}

export const levelsFor = (classes: number): Levels => ({
  containers: new Float64Array(classes),
  cpuMillis: new Float64Array(classes),
  memoryBytes: new Float64Array(classes),
})
