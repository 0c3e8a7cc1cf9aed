import type { AddressesLeft } from './address-report.ts'
import { amountInWords, type Promised } from './capacity-report.ts'
import type { ChangeReport } from './change-report.ts'
import { type Block, heading, paragraph } from './document.ts'
import { amount, currencyWords, difference, whole } from './money.ts'
import { own, type Phrase, say } from './phrase.ts'

type Row = readonly Phrase[]

const table = (head: readonly string[], rows: readonly Row[], most: number): readonly Block[] => {
  if (rows.length === 0) return []
  const shown = rows.slice(0, most)
  const rest = rows.length - shown.length
  return [
    ...(shown.length === 0 ? [] : [{ kind: 'table' as const, head, rows: shown }]),
    ...(rest === 0 ? [] : [paragraph(own(`And ${rest} more rows.`))]),
  ]
}

const fromTo = (before: string | null, after: string): Phrase =>
  own(before === null || before === after ? after : `${before} → ${after}`)

const percent = (part: number, whole: number): string =>
  whole === 0 ? '' : ` (${Math.round((part / whole) * 100)} %)`

/** A reviewer hears of what changes, and of what is nearly used up. */
const nearlyAll = 0.9

const isTold = ({ before, after, capacity }: Promised): boolean =>
  (before !== null && before !== after) || after > capacity * nearlyAll

const promiseRow = (cluster: string, promised: Promised): Row => {
  const { measure, before, after, capacity, physical } = promised
  const words = (value: number): string => amountInWords(measure, value)
  return [
    say`${cluster}`,
    own(measure),
    fromTo(before === null ? null : words(before), words(after)),
    own(`${words(capacity)}${percent(after, capacity)}`),
    own(physical === null ? 'not known' : `${words(physical.now)} now, ${words(physical.most)} at most`),
  ]
}

const promiseRows = ({ capacity }: ChangeReport): readonly Row[] =>
  capacity.flatMap(({ cluster, promises }) => promises.filter(isTold).map((one) => promiseRow(cluster, one)))

const scarce = 0.1

const spaceWords = ({ kind, space }: AddressesLeft): Phrase =>
  kind === 'VLAN' ? say`VLAN ${space}` : own(kind)

const addressRows = ({ addresses }: ChangeReport): readonly Row[] =>
  addresses
    .filter(({ before, after, all }) => before !== after || after < all * scarce)
    .map((one) => [
      say`${one.cluster}`,
      spaceWords(one),
      own(`${fromToNumber(one.before, one.after)} of ${whole(one.all)}`),
      one.largest === null ? own('none') : say`${one.largest}`,
    ])

const fromToNumber = (before: number, after: number): string =>
  before === after ? whole(after) : `${whole(before)} → ${whole(after)}`

/** Promised against physical, and addresses left; only what changes or nearly ends. */
export const capacityBlocks = (report: ChangeReport, most: number): readonly Block[] => {
  const tables = [
    ...table(
      ['cluster', 'of', 'promised by quotas', 'may be promised', 'physical'],
      promiseRows(report),
      most,
    ),
    ...table(['cluster', 'addresses', 'left', 'largest free block'], addressRows(report), most),
  ]
  return tables.length === 0 ? [] : [heading(3, own('Capacity')), ...tables]
}

/** What a month costs, tenant by tenant where it differs. */
export const costBlocks = ({ cost }: ChangeReport, most: number): readonly Block[] => {
  if (cost === null || cost.tenants.length === 0) return []
  const rows = cost.tenants.map(
    ({ organization, cluster, costCentre, currency, before, after }): Row => [
      say`${organization}`,
      say`${cluster}`,
      say`${costCentre}`,
      own(before === null ? '—' : amount(before)),
      own(after === null ? '—' : amount(after)),
      say`${own(difference(before ?? 0, after ?? 0))} ${currencyWords(currency)}`,
    ],
  )
  return [
    heading(3, own('Cost of a month')),
    ...table(['organization', 'cluster', 'cost centre', 'before', 'after', 'difference'], rows, most),
    paragraph(
      own(
        'CPUs and memory by quota, storage by the sizes of volumes, VMs of its own at their fewest, at the prices of the cluster file.',
      ),
    ),
  ]
}
