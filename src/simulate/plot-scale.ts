/** A round number that is at least as large: 1, 2 or 5 times a power of ten. */
const roundUp = (value: number): number => {
  const power = 10 ** Math.floor(Math.log10(value))
  const [factor] = [1, 2, 5, 10].filter((one) => one * power >= value * (1 - 1e-9))
  return (factor ?? 10) * power
}

/** About so many round steps from zero to at least the largest value; the last one is the end of the axis. Never throws. */
export const ticksTo = (most: number, wanted = 4): number[] => {
  const step = roundUp(Math.max(most, 1e-9) / wanted)
  const steps = Math.max(1, Math.ceil(most / step - 1e-9))
  return Array.from({ length: steps + 1 }, (_, at) => at * step)
}

/** Steps of a time axis in its unit. */
export interface TimeTicks {
  readonly unit: string
  readonly ticks: readonly { readonly second: number; readonly label: string }[]
}

const units = [
  { unit: 'days', seconds: 86_400, steps: [1, 2, 7, 14, 30, 91, 182] },
  { unit: 'hours', seconds: 3600, steps: [1, 2, 3, 6, 12] },
  { unit: 'minutes', seconds: 60, steps: [1, 2, 5, 10, 15, 30] },
  { unit: 'seconds', seconds: 1, steps: [1, 5, 10, 30] },
] as const

/** At most so many steps of a unit in which the whole is some steps long. Never throws. */
export const timeTicks = (seconds: number, most = 10): TimeTicks => {
  const unit = units.find((one) => seconds >= 2 * one.seconds) ?? units[3]
  const step = unit.steps.find((one) => seconds / (one * unit.seconds) <= most) ?? unit.steps.at(-1) ?? 1
  const count = Math.floor(seconds / (step * unit.seconds) + 1e-9)
  return {
    unit: unit.unit,
    ticks: Array.from({ length: count + 1 }, (_, at) => ({
      second: at * step * unit.seconds,
      label: String(at * step),
    })),
  }
}
