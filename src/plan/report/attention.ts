import type { Stage } from '../../cluster/schema.ts'
import type { AccessLine } from './access-report.ts'
import type { AddressesLeft } from './address-report.ts'
import { type Alike, placesInWords } from './alike.ts'
import { amountInWords, type ClusterCapacity, type Promised } from './capacity-report.ts'
import type { ChangeLine } from './change-lines.ts'
import type { Beyond } from './engine-run.ts'
import { whole } from './money.ts'
import { counted, names, own, type Phrase, say } from './phrase.ts'
import { rankOf } from './risk.ts'

/** What a reviewer should look at before anything else. Sorted, the gravest first. */
export interface Attention {
  /** One word for what is at stake. */
  readonly about: 'failed' | 'data' | 'security' | 'outage' | 'access' | 'beyond' | 'capacity'
  readonly sentence: Phrase
}

const order: readonly Attention['about'][] = [
  'failed',
  'data',
  'security',
  'access',
  'outage',
  'beyond',
  'capacity',
]

const verbs: Readonly<Record<ChangeLine['change'], string>> = {
  delete: 'deletes',
  replace: 'makes anew',
  update: 'changes',
  create: 'makes',
}

/** A change with its price: ‘deletes network `backend` (`acme` on `prod`) — the services on it lose it’. */
const changeSentence = ({ value, places }: Alike<ChangeLine>): Phrase =>
  say`${own(verbs[value.change])} ${value.what} (${placesInWords(places)})${value.risk === undefined ? own('') : say` — ${value.risk.why}`}`

const worstStage = (places: Alike<unknown>['places'], stageOf: (cluster: string) => Stage): Stage =>
  places.some(({ cluster }) => stageOf(cluster) === 'prod') ? 'prod' : 'nonprod'

const ofChanges = (
  lines: readonly Alike<ChangeLine>[],
  stageOf: (cluster: string) => Stage,
): readonly Attention[] =>
  [...lines]
    .sort(
      (a, b) =>
        rankOf(a.value.risk, worstStage(a.places, stageOf)) -
        rankOf(b.value.risk, worstStage(b.places, stageOf)),
    )
    .flatMap((line) => {
      const danger = line.value.risk?.danger
      return danger === undefined || danger === 'notice'
        ? []
        : [{ about: danger, sentence: changeSentence(line) }]
    })

const ofAccess = (lines: readonly AccessLine[]): readonly Attention[] =>
  lines.filter(({ dangerous }) => dangerous).map(({ sentence }) => ({ about: 'access', sentence }))

const ofBeyond = (beyond: readonly Beyond[]): readonly Attention[] => {
  const lost = beyond.filter(({ change }) => change === 'delete' || change === 'replace')
  const stacks = [...new Set(lost.map(({ stack }) => stack))]
  return lost.length === 0
    ? []
    : [
        {
          about: 'beyond',
          sentence: say`the engine would delete or make anew ${counted(lost.length, ['thing', 'things'])} that these files do not, in ${names(stacks, 3)}`,
        },
      ]
}

/** What is promised beyond what there is, or can be, in words; undefined where there is enough. */
const beyondCapacity = ({ measure, after, capacity, physical }: Promised): string | undefined => {
  const words = (amount: number): string => amountInWords(measure, amount)
  if (after > capacity) return `${words(after)} ${measure}; its file lets them promise ${words(capacity)}`
  return physical !== null && after > physical.most
    ? `${words(after)} ${measure}; its VMs have ${words(physical.most)} at most`
    : undefined
}

const ofCapacity = (capacity: readonly ClusterCapacity[]): readonly Attention[] =>
  capacity.flatMap(({ cluster, promises }) =>
    promises.flatMap((promised): readonly Attention[] => {
      const words = promised.after > (promised.before ?? 0) ? beyondCapacity(promised) : undefined
      return words === undefined
        ? []
        : [{ about: 'capacity', sentence: say`quotas on ${cluster} promise ${own(words)}` }]
    }),
  )

/** Less than this of a space left, and a reviewer hears of it. */
const scarce = 0.1

const ofAddresses = (addresses: readonly AddressesLeft[]): readonly Attention[] =>
  addresses
    .filter(({ before, after, all }) => after < before && after < all * scarce)
    .map(({ cluster, space, after, all }) => ({
      about: 'capacity',
      sentence: say`${own(`${whole(after)} of ${whole(all)}`)} addresses are left of ${space} on ${cluster}`,
    }))

/** What everything else of a report comes down to, gravest first. */
export const attentionOf = (parts: {
  readonly lines: readonly Alike<ChangeLine>[]
  readonly access: readonly AccessLine[]
  readonly beyond: readonly Beyond[]
  readonly capacity: readonly ClusterCapacity[]
  readonly addresses: readonly AddressesLeft[]
  readonly failed: number
  readonly stageOf: (cluster: string) => Stage
}): readonly Attention[] =>
  [
    ...(parts.failed === 0
      ? []
      : [
          {
            about: 'failed' as const,
            sentence: say`${counted(parts.failed, ['stack', 'stacks'])} could not be previewed: what is below may be less than what would happen`,
          },
        ]),
    ...ofChanges(parts.lines, parts.stageOf),
    ...ofAccess(parts.access),
    ...ofBeyond(parts.beyond),
    ...ofCapacity(parts.capacity),
    ...ofAddresses(parts.addresses),
  ].sort((a, b) => order.indexOf(a.about) - order.indexOf(b.about))
