import type { Cluster } from '../cluster/schema.ts'
import { clusterWatchSettings, nodeWatchSettings } from '../cluster/watch-settings.ts'
import type { Amounts } from '../compile/reservation.ts'
import { parseBytes } from '../core/units.ts'
import type { ReservationPolicy } from '../tenant/schema.ts'
import type { PoolRules } from '../watch/cluster/figures.ts'
import type { NodeRules } from '../watch/node/decide-windows.ts'
import type { Scenario, Settings } from './scenario.ts'

/** What one run of a rehearsal goes by, every default filled in. */
export interface RunSettings {
  readonly policy: ReservationPolicy
  readonly machine: Amounts
  readonly pool: PoolRules
  readonly node: NodeRules & { readonly sampleSeconds: number }
  readonly looksAt: Settings['looksAt']
  /** Of one VM. */
  readonly costPerHour: number
}

const gibibyte = 1024 ** 3

/** Settings as the two watchers take them, filled in by the same functions as a cluster file's. Never throws. */
export const resolveSettings = (settings: Settings, { prices }: Pick<Scenario, 'prices'>): RunSettings => {
  const memoryBytes = parseBytes(settings.machine.memory) ?? 0
  const machine = { cpuMillis: settings.machine.cpus * 1000, memoryBytes }
  const { pause, resume, cluster } = settings
  const thresholds: Cluster['thresholds'] = { pause, resume, cluster }
  const watched = { thresholds, watch: settings.watch }
  const node = nodeWatchSettings(watched)
  return {
    policy: settings.policy,
    machine,
    looksAt: settings.looksAt,
    costPerHour: settings.machine.cpus * prices.cpuHour + (memoryBytes / gibibyte) * prices.memoryGiBHour,
    node: { ...node, pause, resume },
    pool: {
      min: settings.min,
      max: settings.max,
      machine,
      thresholds,
      watch: clusterWatchSettings(watched),
      staleSeconds: node.staleSeconds,
    },
  }
}
