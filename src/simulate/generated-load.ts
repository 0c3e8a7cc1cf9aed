import type { Amounts } from '../compile/reservation.ts'
import { parseBytes, parseCpuMillis } from '../core/units.ts'
import type { Load, Rhythm } from './scenario.ts'
import type { Levels, LoadClass, Workload } from './workload.ts'

const daySeconds = 86_400
const firstDay = Date.UTC(2024, 0, 1)

/** `{ cpu: '2', memory: '4Gi' }` as numbers; the schema has checked that they are some. */
export const amountsOf = ({ cpu, memory }: { readonly cpu: string; readonly memory: string }): Amounts => ({
  cpuMillis: parseCpuMillis(cpu) ?? 0,
  memoryBytes: parseBytes(memory) ?? 0,
})

/** The value of a line through points, at `x`; flat before the first and after the last. */
export const onLine = (points: readonly (readonly [number, number])[], x: number): number => {
  let [beforeX, beforeY] = points[0] ?? [0, 0]
  for (const [pointX, pointY] of points) {
    if (x < pointX) {
      const span = pointX - beforeX
      return span <= 0 ? pointY : beforeY + ((pointY - beforeY) * (x - beforeX)) / span
    }
    beforeX = pointX
    beforeY = pointY
  }
  return beforeY
}

const isMonthEnd = (day: number): boolean => {
  const then = new Date(firstDay + (day + 3) * daySeconds * 1000)
  return then.getUTCDate() <= 3
}

/** The factor of a whole day, which the hours are multiplied with. */
const dayFactor = (rhythm: Rhythm, day: number): number =>
  (day % 7 >= 5 ? rhythm.weekend : 1) * (isMonthEnd(day) ? rhythm.monthEnd : 1)

/** Share of the peak at a second; days are worked out once. */
const rhythmOf = (rhythm: Rhythm | undefined): ((second: number) => number) => {
  if (rhythm === undefined) return () => 1
  const days: number[] = []
  return (second) => {
    const day = Math.floor(second / daySeconds)
    days[day] ??= dayFactor(rhythm, day)
    const hour = (second % daySeconds) / 3600
    const whole = Math.floor(hour)
    const from = rhythm.hours[whole] ?? 0
    const to = rhythm.hours[(whole + 1) % 24] ?? 0
    return (from + (to - from) * (hour - whole)) * (days[day] ?? 1)
  }
}

const wavesOf =
  ({ wave, changes = [] }: Load) =>
  (second: number): number => {
    let factor = 1
    if (wave !== undefined)
      factor = second % wave.periodSeconds < wave.periodSeconds / 2 ? wave.low : wave.high
    for (const { fromSeconds, toSeconds, factor: times } of changes)
      if (second >= fromSeconds && second < toSeconds) factor *= times
    return factor
  }

const classOf = (load: Load): LoadClass => ({
  name: load.name,
  limits: amountsOf(load.limit),
  floor: amountsOf(load.floor),
  replicas: load.kind === 'services' ? load.replicas : 1,
  maxPerNode: load.maxPerNode,
  spread: load.spread,
  deploysPerDay: load.kind === 'services' ? load.deploysPerDay : 0,
  jobSeconds: load.kind === 'jobs' ? load.minutes * 60 : undefined,
  bursts: load.bursts && { ...load.bursts, seconds: load.bursts.minutes * 60 },
})

interface Level {
  readonly containers: number
  readonly cpuMillis: number
  readonly memoryBytes: number
}

/** Memory that was taken is seldom given back at night: half of what is above the floor follows the load. Source: our choice. */
const memoryFollows = 0.5

const levelOf = (load: Load): ((second: number) => Level) => {
  const rhythm = rhythmOf(load.rhythm)
  const waves = wavesOf(load)
  const { limits, floor } = classOf(load)
  const above = Math.max(0, (limits.memoryBytes * load.memoryPercent) / 100 - floor.memoryBytes)
  return (second) => {
    const share = rhythm(second) * waves(second)
    const level = Math.max(0, Math.min(share, 1))
    return {
      containers:
        load.kind === 'jobs'
          ? load.perDay * share
          : onLine(load.containers, second / daySeconds) * (1 - load.follows + load.follows * share),
      cpuMillis: (limits.cpuMillis * load.cpuPercent * (load.kind === 'jobs' ? 1 : share)) / 100,
      memoryBytes: floor.memoryBytes + above * (1 - memoryFollows + memoryFollows * level),
    }
  }
}

/** Load as a scenario says it. Never throws for what the schema lets through. */
export const generatedLoad = (loads: readonly Load[]): Workload => {
  const levels = loads.map(levelOf)
  return {
    classes: loads.map(classOf),
    at: (second, into: Levels) => {
      for (const [place, level] of levels.entries()) {
        const now = level(second)
        into.containers[place] = now.containers
        into.cpuMillis[place] = now.cpuMillis
        into.memoryBytes[place] = now.memoryBytes
      }
    },
  }
}
