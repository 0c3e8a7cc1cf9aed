import { Argument, Command } from 'commander'
import { clusterJsonSchema, tenantJsonSchema } from '../../load/json-schema.ts'
import type { CommandContext } from '../command-context.ts'

export const schemaCommand = ({ terminal }: CommandContext): Command =>
  new Command('schema')
    .description('Print the JSON Schema of tenant files or of cluster files.')
    .addArgument(new Argument('[kind]', 'of which files').choices(['tenant', 'cluster']).default('tenant'))
    .option('--json', 'has no effect: the schema is JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  $ tenantry schema\n  $ tenantry schema cluster > cluster.schema.json',
    )
    .action((kind: string) => {
      terminal.print(JSON.stringify(kind === 'cluster' ? clusterJsonSchema() : tenantJsonSchema(), null, 2))
    })
