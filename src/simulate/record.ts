/** What is plotted: one value a step. */
export const seriesNames = [
  'nodes',
  'pausedPercent',
  'loadPercent',
  'memoryPercent',
  'unplaced',
  'hurt',
  'costPerHour',
] as const
export type SeriesName = (typeof seriesNames)[number]

/** Least, mean and most of a series in each part of the time. */
export interface Series {
  readonly least: Float64Array
  readonly mean: Float64Array
  readonly most: Float64Array
}

/** A run in so many parts of equal length that it can be drawn. */
export interface Recording {
  readonly parts: number
  readonly secondsPerPart: number
  readonly series: Readonly<Record<SeriesName, Series>>
}

export interface Recorder {
  readonly add: (second: number, values: Readonly<Record<SeriesName, number>>) => void
  readonly end: () => Recording
}

const emptySeries = (parts: number): Series => ({
  least: new Float64Array(parts).fill(Number.POSITIVE_INFINITY),
  mean: new Float64Array(parts),
  most: new Float64Array(parts).fill(Number.NEGATIVE_INFINITY),
})

const bySeries = <T>(make: (name: SeriesName) => T): Record<SeriesName, T> =>
  Object.fromEntries(seriesNames.map((name) => [name, make(name)])) as Record<SeriesName, T>

/** Keeps what is needed to draw a run of so many seconds, whatever its length. Never throws. */
export const recorder = (seconds: number, stepSeconds: number, most = 240): Recorder => {
  const parts = Math.max(1, Math.min(most, Math.ceil(seconds / stepSeconds)))
  const secondsPerPart = seconds / parts
  const series = bySeries(() => emptySeries(parts))
  const counts = new Float64Array(parts)
  return {
    add: (second, values) => {
      const part = Math.min(parts - 1, Math.floor(second / secondsPerPart))
      const before = counts[part] ?? 0
      counts[part] = before + 1
      for (const name of seriesNames) {
        const { least, mean, most: top } = series[name]
        const value = values[name]
        least[part] = Math.min(least[part] ?? value, value)
        top[part] = Math.max(top[part] ?? value, value)
        mean[part] = ((mean[part] ?? 0) * before + value) / (before + 1)
      }
    },
    end: () => ({ parts, secondsPerPart, series }),
  }
}
