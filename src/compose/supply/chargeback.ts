import type { Issue, Source } from '../../core/issue.ts'
import { scalar } from '../make-node.ts'
import { childAt, entriesOf, nodeAt, scalarOf, textOf, type YamlEntry, type YamlMap } from '../yaml-node.ts'
import type { SupplyContext } from './context.ts'
import { joined, type KeyPath, modelsWith, modelWith, type Part, part } from './part.ts'

/** A label by which usage is charged. */
interface ChargeLabel {
  readonly name: string
  readonly value: string
  readonly source: Source
}

const chargeLabels = ({
  tenant,
  scope,
  application,
  resolvedApplication,
}: SupplyContext): readonly ChargeLabel[] => [
  {
    name: 'tenantry.organization',
    value: scope.organization,
    source: tenant.locate(['organization']),
  },
  {
    name: 'tenantry.cost-centre',
    value: tenant.value.costCentre,
    source: tenant.locate(['costCentre']),
  },
  ...(application === undefined || resolvedApplication === undefined
    ? []
    : [
        {
          name: 'tenantry.application',
          value: resolvedApplication.name,
          source: tenant.locateKey(['applications', application]),
        },
      ]),
]

/** Drivers that write labels of the container beside each line. Source: Docker's manual, "Customize log driver output". */
const labelling: ReadonlySet<string> = new Set([
  ...['fluentd', 'gcplogs', 'gelf', 'journald', 'json-file', 'logentries', 'splunk', 'syslog'],
])

/** A log driver, and the line that says so. */
interface LogDriver {
  readonly name: string
  readonly options: Readonly<Record<string, string>>
  readonly source: Source
}

/** The cluster's, else one whose files are bounded to 30 MB a container. Source of the latter: our choice. */
const defaultDriver = ({ cluster }: SupplyContext): LogDriver => {
  const { driver, options } = cluster.value.logging ?? {
    driver: 'json-file',
    options: { 'max-file': '3', 'max-size': '10m' },
  }
  return { name: driver, options: options ?? {}, source: cluster.locate(['logging']) }
}

const otherCharge = (path: KeyPath, source: Source, { name, value }: ChargeLabel): Issue => ({
  code: 'compose/foreign-charge',
  message: `${path.join('.')}.${name} is not '${value}': usage would be charged to somebody else.`,
  source,
  hint: 'Leave the label out; the tenant file says what it is.',
})

const labelsAt = (one: YamlEntry, below: KeyPath, labels: readonly ChargeLabel[]): Part => {
  const path = ['services', one.key, ...below]
  return joined(
    labels.map((label) => {
      const said = nodeAt(one.node, [...below, label.name])
      return said !== undefined && scalarOf(said) !== label.value
        ? part({ issues: [otherCharge(path, said.source, label)] })
        : part({ base: [modelWith([...path, label.name], label.value, label.source)] })
    }),
  )
}

const noLabels = (driver: string, source: Source): Issue => ({
  code: 'compose/log-without-labels',
  message: `The log driver '${driver}' writes no labels, so lines of this service are charged to nobody.`,
  source,
  hint: `Use one of ${[...labelling].join(', ')}.`,
})

/** The names in an option `labels`, those that are missing added. */
const withNames = (said: string | undefined, names: readonly string[]): string => {
  const own = (said ?? '').split(',').map((name) => name.trim())
  return [...new Set([...own.filter((name) => name !== ''), ...names])].join(',')
}

/** The option by which a driver writes labels: names that files say, and those missing. */
const namesOf = (one: YamlEntry, labels: readonly ChargeLabel[], own: LogDriver, source: Source): Part => {
  const path = ['services', one.key, 'logging', 'options', 'labels']
  const said = nodeAt(one.node, path.slice(2))
  const wanted = labels.map(({ name }) => name)
  const names = scalar(withNames(textOf(said) ?? own.options.labels, wanted), source)
  if (said === undefined) return part({ base: [modelWith(path, names, source)] })
  if (textOf(said) === names.value) return part({})
  return part({ rewrites: [{ path, node: names }], replaced: [{ path, lost: said, kept: names }] })
}

const loggingOf = (one: YamlEntry, labels: readonly ChargeLabel[], context: SupplyContext): Part => {
  const own = defaultDriver(context)
  const said = nodeAt(one.node, ['logging', 'driver'])
  const name = textOf(said) ?? own.name
  const at = ['services', one.key, 'logging']
  const isOwn = name === own.name
  const driver = part({
    base: [
      modelWith([...at, 'driver'], name, own.source),
      ...modelsWith([...at, 'options'], isOwn ? own.options : {}, own.source),
    ],
  })
  if (!labelling.has(name))
    return joined([driver, part({ warnings: [noLabels(name, said?.source ?? own.source)] })])
  const unsaid = isOwn ? own : { ...own, options: {} }
  return joined([driver, namesOf(one, labels, unsaid, context.tenant.locate(['costCentre']))])
}

/**
 * What usage is charged by: labels on every service and its containers, and a log driver that writes them beside each line. Operators'
 * drivers and options stay. Issue code: `compose/foreign-charge`.
 */
export const chargeback = (context: SupplyContext, model: YamlMap): Part => {
  const labels = chargeLabels(context)
  return joined(
    entriesOf(childAt(model, 'services')).flatMap((one) => [
      labelsAt(one, ['labels'], labels),
      labelsAt(one, ['deploy', 'labels'], labels),
      loggingOf(one, labels, context),
    ]),
  )
}
