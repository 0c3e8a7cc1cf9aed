import { listOf, mapValues, scalar, scalarText } from '../make-node.ts'
import { PathTable } from '../path-table.ts'
import { entriesOf, type YamlNode, type YamlPath, type YamlScalar } from '../yaml-node.ts'
import { notInSwarm, type Telling } from './telling.ts'

type Form = (node: YamlNode, path: YamlPath, telling: Telling) => YamlNode

const asText: Form = (node) =>
  node.kind === 'scalar' && node.value !== null && typeof node.value !== 'string'
    ? scalar(scalarText(node.value), node.source)
    : node

const textValues: Form = (node) =>
  node.kind === 'map' ? mapValues(node, (one) => asText(one.node, [], silent)) : node

const silent: Telling = { warning: () => {}, issue: () => {} }

/** A number that text may stand for; what cannot be read is told. */
const asNumber =
  (read: (text: string) => number | undefined, wanted: string): Form =>
  (node, path, telling) => {
    if (node.kind !== 'scalar' || typeof node.value !== 'string') return node
    const value = read(node.value)
    if (value !== undefined) return { ...scalar(value, node.source), text: node.text }
    telling.issue(notInSwarm(path, node.source, `it is no ${wanted}`, `Write ${wanted}.`))
    return node
  }

const whole = (text: string): number | undefined => (/^[-+]?\d{1,15}$/.test(text) ? Number(text) : undefined)

const octal = (text: string): number | undefined =>
  /^0?o?[0-7]{1,6}$/.test(text) ? Number.parseInt(text.replace('o', ''), 8) : undefined

const unitBytes: Readonly<Record<string, number>> = {
  b: 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  t: 1024 ** 4,
}

/** `64m` as bytes, units of 1024. Source: `units.RAMInBytes` of docker/go-units. */
const bytes = (text: string): number | undefined => {
  const [, count = '', unit = 'b'] = /^(\d{1,12}(?:\.\d{1,6})?) ?(?:([kmgt])(?:i?b)?|b)?$/i.exec(text) ?? []
  return count === '' ? undefined : Math.floor(Number(count) * (unitBytes[unit.toLowerCase()] ?? 1))
}

const anchoredPort: Form = asNumber(whole, 'single port: Swarm does not choose one of a range')

/** Names of the services to start after; Swarm starts all at once, so conditions are told and left out. */
const dependencies: Form = (node, path, { warning }) => {
  if (node.kind !== 'map') return node
  for (const { key, node: one } of entriesOf(node))
    for (const field of entriesOf(one))
      if (field.node.kind === 'scalar' && !meansNothing(field.key, field.node))
        warning({
          code: 'compose/left-out',
          message: `${[...path, key, field.key].join('.')} is left out of the stack: Swarm starts all services at once and waits for none.`,
          source: field.keySource,
          hint: `Let the service try again until '${key}' answers, or give it a health check and \`restart_policy\`.`,
        })
  return listOf(
    entriesOf(node).map((one) => scalar(one.key, one.keySource)),
    node.source,
  )
}

const meansNothing = (field: string, { value }: YamlScalar): boolean =>
  (field === 'condition' && value === 'service_started') ||
  (field === 'required' && value === true) ||
  (field === 'restart' && value === false)

const forms = new PathTable<Form>([
  ['services.*.annotations', textValues],
  ['services.*.configs.*.gid', asText],
  ['services.*.configs.*.mode', asNumber(octal, 'octal mode, e.g. 0440')],
  ['services.*.configs.*.uid', asText],
  ['services.*.depends_on', dependencies],
  ['services.*.deploy.labels', textValues],
  ['services.*.deploy.resources.limits.cpus', asText],
  ['services.*.deploy.resources.limits.memory', asText],
  ['services.*.deploy.resources.limits.pids', asNumber(whole, 'whole number')],
  ['services.*.deploy.resources.reservations.cpus', asText],
  ['services.*.deploy.resources.reservations.memory', asText],
  ['services.*.environment', textValues],
  ['services.*.healthcheck.retries', asNumber(whole, 'whole number')],
  ['services.*.labels', textValues],
  ['services.*.logging.options', textValues],
  ['services.*.networks.*.driver_opts', textValues],
  ['services.*.oom_score_adj', asNumber(whole, 'whole number')],
  ['services.*.ports.*.published', anchoredPort],
  ['services.*.ports.*.target', asNumber(whole, 'port')],
  ['services.*.secrets.*.gid', asText],
  ['services.*.secrets.*.mode', asNumber(octal, 'octal mode, e.g. 0440')],
  ['services.*.secrets.*.uid', asText],
  ['services.*.sysctls', textValues],
  ['services.*.ulimits.*', asNumber(whole, 'whole number')],
  ['services.*.ulimits.*.hard', asNumber(whole, 'whole number')],
  ['services.*.ulimits.*.soft', asNumber(whole, 'whole number')],
  ['services.*.user', asText],
  ['services.*.volumes.*.tmpfs.size', asNumber(bytes, 'size, e.g. 64m')],
  ...['networks', 'volumes', 'secrets', 'configs'].flatMap((kind) => [
    [`${kind}.*.labels`, textValues] as const,
    [`${kind}.*.driver_opts`, textValues] as const,
  ]),
])

/** A part in the form that a stack file has it in: numbers where they are wanted, text elsewhere. Never throws. */
export const stackForm: Form = (node, path, telling) => forms.find(path)?.(node, path, telling) ?? node
