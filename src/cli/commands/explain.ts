import { Command } from 'commander'
import { isOnCluster } from '../../compile/on-cluster.ts'
import type { Origin } from '../../compile/provenance.ts'
import { placeText } from '../../core/issue.ts'
import type { Fleet } from '../../load/fleet.ts'
import { type Explanation, explain } from '../../plan/explain.ts'
import type { CommandContext } from '../command-context.ts'
import { exitCode, UsageError } from '../exit-code.ts'
import { loadOrReport } from '../load-or-report.ts'
import { checkSelection } from '../select.ts'
import { collect } from '../selection-options.ts'

interface ExplainOptions {
  readonly cluster: readonly string[]
  readonly json?: boolean
}

const origins: Readonly<Record<Origin, (size: string) => string>> = {
  file: () => 'the tenant file',
  'cluster-override': () => "the tenant file's part for this cluster",
  'size-class': (size) => `size class ${size}`,
  default: () => 'default',
}

const explanations = (
  fleet: Fleet,
  organization: string,
  field: string,
  clusters: readonly string[],
): readonly (Explanation & { readonly size: string })[] => {
  const tenant = fleet.tenants.find(({ value }) => value.organization === organization)
  if (tenant === undefined) throw new UsageError(`There is no organization '${organization}'.`)
  return fleet.clusters
    .filter(({ value }) =>
      clusters.length === 0 ? isOnCluster(tenant.value, value) : clusters.includes(value.cluster),
    )
    .flatMap(({ value }) => {
      const found = explain(tenant, value, field)
      if (found.ok) {
        const size = tenant.value.clusters?.[value.cluster]?.size ?? tenant.value.size
        return found.value.map((one) => ({ ...one, size }))
      }
      throw new UsageError(found.issues.map(({ message }) => message).join(' '), found.issues[0]?.hint)
    })
}

const line = ({
  cluster,
  field,
  value,
  origin,
  source,
  size,
}: Explanation & { readonly size: string }): string =>
  `${cluster}  ${field} = ${JSON.stringify(value)}  (${origins[origin](size)}, ${placeText(source)})`

const runExplain = async (
  context: CommandContext,
  organization: string,
  field: string,
  options: ExplainOptions,
): Promise<void> => {
  const fleet = await loadOrReport(context, options.json === true)
  if (fleet === undefined) return
  checkSelection(fleet, { organizations: [organization], clusters: options.cluster })
  const found = explanations(fleet, organization, field, options.cluster)
  if (options.json === true) context.terminal.print(JSON.stringify(found, null, 2))
  else for (const one of found) context.terminal.print(line(one))
  context.finish(exitCode.clean)
}

export const explainCommand = (context: CommandContext): Command =>
  new Command('explain')
    .description('Tell the value of a field of a tenant on each of its clusters, and where it comes from.')
    .argument('<organization>', 'the tenant')
    .argument('<field>', "a field, or a part for all of its fields, e.g. 'quota.memory' or 'ci'")
    .option('-c, --cluster <name>', 'on this cluster; may be repeated', collect, [])
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ tenantry explain retail-banking quota.memory
  $ tenantry explain retail-banking applications.payments --cluster prod`,
    )
    .action((organization: string, field: string, options: ExplainOptions) =>
      runExplain(context, organization, field, options),
    )
