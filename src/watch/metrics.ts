type Labels = Readonly<Record<string, string>>

interface Family {
  readonly kind: 'gauge' | 'counter'
  readonly help: string
  /** By the text of the labels, e.g. `{action="pause"}`; empty without. */
  readonly values: Map<string, number>
}

/** Source: the text format of Prometheus, version 0.0.4: backslash, quote and line feed are escaped in a label's value. */
const escaped = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')

const labelText = (labels: Labels): string => {
  const entries = Object.entries(labels)
  if (entries.length === 0) return ''
  return `{${entries.map(([name, value]) => `${name}="${escaped(value)}"`).join(',')}}`
}

const numberText = (value: number): string => {
  if (Number.isNaN(value)) return 'NaN'
  return Number.isFinite(value) ? String(value) : value > 0 ? '+Inf' : '-Inf'
}

const familyText = (name: string, { kind, help, values }: Family): string[] => [
  `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
  `# TYPE ${name} ${kind}`,
  ...[...values].map(([labels, value]) => `${name}${labels} ${numberText(value)}`),
]

/** A watcher's figures as Prometheus reads them. Names are of the form `tenantry_…`; one kind a name. */
export class Metrics {
  readonly #families = new Map<string, Family>()

  /** Tells of a figure that goes up and down. */
  gauge(name: string, help: string): void {
    this.#families.set(name, { kind: 'gauge', help, values: new Map() })
  }

  /** Tells of a figure that only grows. */
  counter(name: string, help: string): void {
    this.#families.set(name, { kind: 'counter', help, values: new Map() })
  }

  set(name: string, value: number, labels: Labels = {}): void {
    this.#family(name).values.set(labelText(labels), value)
  }

  add(name: string, labels: Labels = {}, by = 1): void {
    const { values } = this.#family(name)
    const key = labelText(labels)
    values.set(key, (values.get(key) ?? 0) + by)
  }

  /** All figures in the text format 0.0.4. Never throws. */
  text(): string {
    return `${[...this.#families].flatMap(([name, family]) => familyText(name, family)).join('\n')}\n`
  }

  #family(name: string): Family {
    const family = this.#families.get(name)
    if (family === undefined) throw new Error(`the metric ${name} was not told of`)
    return family
  }
}

/** What every process tells of itself, under the names that Prometheus' own clients give it. */
export const withProcessMetrics = (metrics: Metrics): (() => void) => {
  metrics.gauge('process_resident_memory_bytes', 'Resident memory of this process in bytes.')
  metrics.counter('process_cpu_seconds_total', 'CPU time of this process in seconds.')
  return () => {
    const { user, system } = process.cpuUsage()
    metrics.set('process_resident_memory_bytes', process.memoryUsage.rss())
    metrics.set('process_cpu_seconds_total', (user + system) / 1e6)
  }
}
