import type { Amounts } from '../../compile/reservation.ts'
import type { Checked, Issue } from '../../core/issue.ts'
import { parseBytes, parseCpuMillis } from '../../core/units.ts'
import { scalarText } from '../make-node.ts'
import { parseYaml } from '../read-yaml.ts'
import { childAt, entriesOf, scalarOf, type YamlEntry, type YamlNode } from '../yaml-node.ts'

const wrong = (code: string, message: string, { source }: YamlNode): Issue => ({
  code: `compose/${code}`,
  message,
  source,
  hint: 'Write `{ "<service>": { "cpu": "120m", "memory": "300Mi" } }`, as measured.',
})

const textAt = (node: YamlNode, key: string): string => scalarText(scalarOf(childAt(node, key)) ?? '')

const amountsOf = ({ key, node }: YamlEntry): Checked<readonly [string, Amounts]> => {
  const cpuMillis = parseCpuMillis(textAt(node, 'cpu'))
  const memoryBytes = parseBytes(textAt(node, 'memory'))
  if (cpuMillis !== undefined && memoryBytes !== undefined)
    return { ok: true, value: [key, { cpuMillis, memoryBytes }] }
  const what = cpuMillis === undefined ? 'CPU' : 'memory'
  return { ok: false, issues: [wrong('wrong-measure', `What ${key} needs of ${what} is no amount.`, node)] }
}

/**
 * What services needed after a measured start, by name: `{ "api": { "cpu": "120m", "memory": "300Mi" } }`, JSON or YAML. Issue
 * codes: `compose/wrong-measure`, `yaml/*`. Never throws.
 */
export const readMeasured = (path: string, text: string): Checked<ReadonlyMap<string, Amounts>> => {
  const parsed = parseYaml(path, text)
  if (!parsed.ok) return parsed
  const [document] = parsed.value.documents
  if (document === undefined) return { ok: true, value: new Map() }
  if (document.kind !== 'map')
    return { ok: false, issues: [wrong('wrong-measure', 'Measures are a map of services.', document)] }
  const read = entriesOf(document).map(amountsOf)
  const issues = read.flatMap((one) => (one.ok ? [] : one.issues))
  if (issues.length > 0) return { ok: false, issues }
  return { ok: true, value: new Map(read.flatMap((one) => (one.ok ? [one.value] : []))) }
}
