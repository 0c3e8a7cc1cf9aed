import type { ComparedRun } from './compare.ts'
import { ticksTo, timeTicks } from './plot-scale.ts'
import type { Series, SeriesName } from './record.ts'
import type { Scenario } from './scenario.ts'

/** One graph over the time of a rehearsal. */
interface Panel {
  readonly title: string
  readonly series: SeriesName
  /** What is drawn as the line. */
  readonly line: 'mean' | 'most'
  /** Values that are marked by a line of their own. */
  readonly marks: (run: ComparedRun) => readonly number[]
  /** The axis goes at least up to there. */
  readonly least: number
}

const noMarks = (): readonly number[] => []

const panelsOf = ({ prices }: Scenario): readonly Panel[] => [
  {
    title: 'nodes that carry containers (dashed: least and most VMs)',
    series: 'nodes',
    line: 'mean',
    marks: ({ settings }) => [settings.pool.min, settings.pool.max],
    least: 1,
  },
  {
    title: 'share of paused nodes, %',
    series: 'pausedPercent',
    line: 'mean',
    marks: ({ settings }) => [settings.pool.thresholds.cluster.pausedPercent],
    least: 100,
  },
  {
    title: 'average load, %',
    series: 'loadPercent',
    line: 'mean',
    marks: ({ settings }) => [settings.pool.thresholds.cluster.loadPercent],
    least: 100,
  },
  {
    title: 'average memory, %',
    series: 'memoryPercent',
    line: 'mean',
    marks: ({ settings }) => [settings.pool.thresholds.cluster.memoryPercent],
    least: 100,
  },
  { title: 'containers without a node', series: 'unplaced', line: 'most', marks: noMarks, least: 4 },
  { title: 'nodes hurt', series: 'hurt', line: 'most', marks: noMarks, least: 4 },
  {
    title: `cost, ${prices.currency} an hour`,
    series: 'costPerHour',
    line: 'mean',
    marks: noMarks,
    least: 1,
  },
]

const size = { width: 960, left: 64, right: 16, top: 78, panel: 84, gap: 34, bottom: 40 } as const
const plotWidth = size.width - size.left - size.right

const topOf = (panel: number): number => size.top + panel * (size.panel + size.gap)

/** Told apart by people who see colours differently (Okabe and Ito), lightened where the ground is dark. */
const style = `
text{font:12px system-ui,sans-serif;fill:#24292f}.title{font-size:17px;font-weight:600}.small{font-size:11px;fill:#57606a}
.ground{fill:#fff}.grid{stroke:#d0d7de;stroke-width:1}.axis{stroke:#8c959f;stroke-width:1}.line{fill:none;stroke-width:1.6;stroke-linejoin:round}
.mark{stroke-width:1;stroke-dasharray:5 4;opacity:.75}.band{stroke:none;opacity:.2}
.s0{stroke:#0072b2}.s1{stroke:#d55e00}.s2{stroke:#00805f}.s3{stroke:#b0588a}.f0{fill:#0072b2}.f1{fill:#d55e00}.f2{fill:#00805f}.f3{fill:#b0588a}
@media (prefers-color-scheme:dark){text{fill:#e6edf3}.small{fill:#9198a1}.ground{fill:#0d1117}.grid{stroke:#30363d}.axis{stroke:#6e7681}
.s0{stroke:#58b4f0}.s1{stroke:#ff9450}.s2{stroke:#3fcfa4}.s3{stroke:#e59fc6}.f0{fill:#58b4f0}.f1{fill:#ff9450}.f2{fill:#3fcfa4}.f3{fill:#e59fc6}}`

/** Text as it may stand in XML. */
const escaped = (text: string): string => text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`)

/** A colour for each of four runs; more than that begin anew. */
const colour = (run: number): number => run % 4

const rounded = (value: number): string => String(Math.round(value * 10) / 10)

interface Frame {
  readonly top: number
  readonly most: number
  readonly parts: number
}

const yOf = ({ top, most }: Frame, value: number): number =>
  top + size.panel - (Math.min(Math.max(value, 0), most) / most) * size.panel

/** The middle of a part. */
const xOf = ({ parts }: Frame, part: number): number => size.left + ((part + 0.5) / parts) * plotWidth

const points = (frame: Frame, values: Float64Array): string[] =>
  Array.from(values, (value, part) => `${rounded(xOf(frame, part))},${rounded(yOf(frame, value))}`)

const band = (frame: Frame, { least, most }: Series, run: number): string =>
  `<polygon class="band f${colour(run)}" points="${[...points(frame, most), ...points(frame, least).reverse()].join(' ')}"/>`

const curve = (frame: Frame, values: Float64Array, run: number): string =>
  `<polyline class="line s${colour(run)}" points="${points(frame, values).join(' ')}"/>`

const marks = (frame: Frame, panel: Panel, runs: readonly ComparedRun[]): string[] => {
  const seen = new Set<number>()
  return runs.flatMap((run, at) =>
    panel
      .marks(run)
      .filter((value) => value <= frame.most && !seen.has(value) && seen.add(value))
      .map((value) => {
        const y = rounded(yOf(frame, value))
        return `<line class="mark s${colour(at)}" x1="${size.left}" x2="${size.left + plotWidth}" y1="${y}" y2="${y}"/>`
      }),
  )
}

const grid = (frame: Frame, ticks: readonly number[]): string[] =>
  ticks.flatMap((tick) => {
    const y = rounded(yOf(frame, tick))
    return [
      `<line class="grid" x1="${size.left}" x2="${size.left + plotWidth}" y1="${y}" y2="${y}"/>`,
      `<text class="small" x="${size.left - 6}" y="${y}" text-anchor="end" dominant-baseline="middle">${tick.toLocaleString('en')}</text>`,
    ]
  })

const mostOf = (panel: Panel, runs: readonly ComparedRun[]): number =>
  runs.reduce((most, { recording }) => {
    const { most: values } = recording.series[panel.series]
    return values.reduce((top, value) => Math.max(top, value), most)
  }, panel.least)

const drawPanel = (panel: Panel, at: number, runs: readonly ComparedRun[]): string => {
  const ticks = ticksTo(mostOf(panel, runs))
  const frame: Frame = {
    top: topOf(at),
    most: ticks.at(-1) ?? 1,
    parts: runs[0]?.recording.parts ?? 1,
  }
  return [
    `<text x="${size.left}" y="${frame.top - 8}">${escaped(panel.title)}</text>`,
    ...grid(frame, ticks),
    ...marks(frame, panel, runs),
    ...runs
      .filter(() => panel.line === 'mean')
      .map(({ recording }, run) => band(frame, recording.series[panel.series], run)),
    ...runs.map(({ recording }, run) => curve(frame, recording.series[panel.series][panel.line], run)),
  ].join('\n')
}

const timeAxis = (seconds: number, bottom: number): string => {
  const { unit, ticks } = timeTicks(seconds)
  const lines = ticks.map(({ second, label }) => {
    const x = rounded(size.left + (second / seconds) * plotWidth)
    return `<line class="axis" x1="${x}" x2="${x}" y1="${bottom}" y2="${bottom + 5}"/><text class="small" x="${x}" y="${bottom + 18}" text-anchor="middle">${label}</text>`
  })
  return [
    `<line class="axis" x1="${size.left}" x2="${size.left + plotWidth}" y1="${bottom}" y2="${bottom}"/>`,
    ...lines,
    `<text class="small" x="${size.left + plotWidth}" y="${bottom + 34}" text-anchor="end">${unit} since the begin</text>`,
  ].join('\n')
}

/** Names side by side, as wide as their letters need. */
const legend = (runs: readonly ComparedRun[]): string => {
  let x: number = size.left
  return runs
    .map(({ name }, run) => {
      const drawn = `<rect class="f${colour(run)}" x="${x}" y="40" width="14" height="4" rx="2"/><text x="${x + 20}" y="46">${escaped(name)}</text>`
      x += 44 + name.length * 7
      return drawn
    })
    .join('\n')
}

/**
 * Runs of one scenario over its time as an SVG: nodes, paused share, load, memory, containers without a node, hurt nodes and cost, a colour
 * a run. Lines are means, bands reach from the least to the most of each part of the time; of what should be zero the most is drawn. Readable on
 * light and dark ground, and by screen readers. Never throws.
 */
export const plot = (scenario: Scenario, runs: readonly ComparedRun[]): string => {
  const panels = panelsOf(scenario)
  const bottom = topOf(panels.length - 1) + size.panel
  const height = bottom + size.bottom
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${height}" width="${size.width}" height="${height}" role="img" aria-labelledby="title desc">`,
    `<title id="title">${escaped(scenario.title)}</title>`,
    `<desc id="desc">${escaped(scenario.about)}</desc>`,
    `<style>${style}</style>`,
    `<rect class="ground" width="${size.width}" height="${height}"/>`,
    `<text class="title" x="${size.left}" y="26">${escaped(scenario.title)}</text>`,
    legend(runs),
    ...panels.map((panel, at) => drawPanel(panel, at, runs)),
    timeAxis(scenario.seconds, bottom),
    '</svg>',
    '',
  ].join('\n')
}
