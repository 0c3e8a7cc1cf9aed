import * as z from 'zod'
import { Watch } from '../cluster/watch-schema.ts'
import { bytes, cpu, line } from '../core/fields.ts'
import { ReservationPolicy } from '../tenant/schema.ts'

const share = z.number().min(0).max(10)
const amounts = (what: string) =>
  z.strictObject({ cpu: cpu.describe('CPUs.'), memory: bytes.describe('Memory.') }).describe(what)

const Rhythm = z
  .strictObject({
    hours: z
      .array(share)
      .length(24)
      .describe('Share of the peak at the beginning of each hour; between them in a line.'),
    weekend: share.describe('Times this on Saturday and Sunday.'),
    monthEnd: share.describe('Times this on the last three days of a month.'),
  })
  .describe(
    'How load changes over a day, a week and a month; the first day of a scenario is Monday, 1 January 2024.',
  )
export type Rhythm = z.infer<typeof Rhythm>

const Wave = z
  .strictObject({
    periodSeconds: z.int().min(10).describe('Length of one wave.'),
    low: share.describe('Times this in the first half.'),
    high: share.describe('Times this in the second half.'),
  })
  .describe('Load that jumps up and down.')

const Change = z
  .strictObject({
    fromSeconds: z.number().min(0).describe('Since the begin of the scenario.'),
    toSeconds: z.number().min(0).describe('Until then.'),
    factor: share.describe('Times this.'),
  })
  .describe('A time during which load is another.')

const Bursts = z
  .strictObject({
    perContainerDay: z.number().min(0).max(100).describe('How often, on average.'),
    factor: z.number().min(1).max(20).describe('CPU is so many times as much.'),
    memoryFactor: z.number().min(1).max(5).describe('Memory is so many times as much.'),
    minutes: z.number().min(1).max(1440).describe('So long.'),
  })
  .describe('Single containers that need more than the others for a while.')

const demand = {
  name: line(40).describe('Name, for the reader.'),
  limit: amounts('Limits of a container.'),
  floor: amounts('What a container needs after its start under minimum load.'),
  cpuPercent: z.number().min(0).max(100).describe('Of its CPU limit that a container uses at the peak.'),
  memoryPercent: z
    .number()
    .min(0)
    .max(100)
    .describe('Of its memory limit, likewise; never less than the floor.'),
  spread: z
    .number()
    .min(0)
    .max(1)
    .describe('How different services are: standard deviation of their size, 0.3 for a third.'),
  rhythm: Rhythm.optional().describe('All day the same where absent.'),
  wave: Wave.optional(),
  changes: z.array(Change).max(100).optional(),
  bursts: Bursts.optional(),
  maxPerNode: z
    .int()
    .min(1)
    .optional()
    .describe('Most containers of one service on a node; any number where absent.'),
}

const Services = z
  .strictObject({
    kind: z.literal('services').describe('Containers that run all the time.'),
    ...demand,
    containers: z
      .array(z.tuple([z.number().min(0), z.number().min(0)]))
      .min(1)
      .describe('How many, as pairs of day and number; between them in a line.'),
    follows: share.describe(
      'How much of the number follows the rhythm: 0 none, 0.3 that three in ten go at night.',
    ),
    replicas: z.int().min(1).max(50).describe('Containers of one service.'),
    deploysPerDay: z.number().min(0).describe('Services that are started anew each day.'),
  })
  .describe('Services of one kind.')

const Jobs = z
  .strictObject({
    kind: z.literal('jobs').describe('Containers that end by themselves, as builds.'),
    ...demand,
    perDay: z.number().min(0).describe('How many begin on a day at the peak of the rhythm all day.'),
    minutes: z.number().min(1).describe('How long one takes on average.'),
  })
  .describe('Jobs of one kind; moving one would lose its work.')

export const Load = z.discriminatedUnion('kind', [Services, Jobs]).describe('Load of one kind.')
export type Load = z.infer<typeof Load>

const Limits = z.strictObject({
  loadPercent: z.number().min(1).max(100).describe('Load.'),
  memoryPercent: z.number().min(1).max(100).describe('Memory.'),
})

export const Settings = z
  .strictObject({
    policy: ReservationPolicy,
    machine: z
      .strictObject({
        cpus: z.int().min(1).max(256).describe('Virtual CPUs.'),
        memory: bytes.describe('Memory.'),
      })
      .describe('Kind of VM.'),
    min: z.int().min(1).max(1000).describe('Fewest VMs.'),
    max: z.int().min(1).max(1000).describe('Most VMs.'),
    pause: Limits.describe('`thresholds.pause` of the cluster file.'),
    resume: Limits.describe('`thresholds.resume`.'),
    cluster: Limits.extend({ pausedPercent: z.number().min(1).max(100).describe('Paused nodes.') }).describe(
      '`thresholds.cluster`.',
    ),
    watch: Watch.describe('As in the cluster file; each its own default where absent.'),
    looksAt: z
      .enum(['everything', 'usage-only'])
      .describe(
        '`usage-only` is what critics of usage-driven scaling have in mind; it is there to be compared with.',
      ),
  })
  .describe('What may be tried another way on the same load.')
export type Settings = z.infer<typeof Settings>

/** A rehearsal as data. */
export const Scenario = z
  .strictObject({
    name: line(60).describe('Name, as it is asked for.'),
    title: line(120).describe('Title of the plot.'),
    about: z.string().max(2000).describe('What happens, and what to look for.'),
    seed: z.int().min(0).describe('Another one gives another run of the same kind.'),
    seconds: z.number().min(60).max(126_230_400).describe('How long it lasts; four years at most.'),
    stepSeconds: z
      .int()
      .min(5)
      .max(3600)
      .describe(
        'Load is the same for so long; the cluster watcher looks as often where that is more than its own time.',
      ),
    initial: z
      .int()
      .min(1)
      .max(1000)
      .optional()
      .describe('VMs at the begin; as many as what runs then needs where absent.'),
    hosts: z.int().min(1).max(1000).describe('VMware hosts that the VMs are spread over.'),
    noise: z
      .number()
      .min(0)
      .max(0.5)
      .describe('What the load of a node differs by itself: standard deviation.'),
    boot: z
      .strictObject({
        seconds: z.number().min(1).describe('From the request to the node that takes tasks, on average.'),
        neverShare: z.number().min(0).max(1).describe('VMs that never join.'),
        lateShare: z.number().min(0).max(1).describe('VMs that join after twenty minutes.'),
      })
      .describe('How VMs come up.'),
    prices: z
      .strictObject({
        currency: z
          .string()
          .regex(/^[A-Z]{3}$/)
          .describe('ISO 4217 code.'),
        cpuHour: z.number().min(0).describe('A CPU for an hour.'),
        memoryGiBHour: z.number().min(0).describe('A GiB of memory for an hour.'),
      })
      .describe('As in the cluster file.'),
    hostLosses: z
      .array(
        z.strictObject({
          atSeconds: z.number().min(0).describe('When.'),
          forSeconds: z.number().min(0).describe('How long.'),
          host: z.int().min(0).describe('Which, from 0.'),
        }),
      )
      .max(50)
      .describe('Hosts that fail with every VM on them.'),
    load: z.array(Load).min(1).max(12).describe('What runs.'),
    settings: Settings,
    variants: z
      .array(z.strictObject({ name: line(40).describe('Name.'), settings: Settings.partial() }))
      .max(6)
      .describe('The same load with other settings, side by side.'),
  })
  .describe('A rehearsal.')
export type Scenario = z.infer<typeof Scenario>
