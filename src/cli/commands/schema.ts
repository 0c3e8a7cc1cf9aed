import { Argument, Command } from 'commander'
import { type FileKind, fileKinds } from '../../load/file-kind.ts'
import { jsonSchemaOf } from '../../load/json-schema.ts'
import type { CommandContext } from '../command-context.ts'

export const schemaCommand = ({ terminal }: CommandContext): Command =>
  new Command('schema')
    .description('Print the JSON Schema of one kind of typed file.')
    .addArgument(new Argument('[kind]', 'of which files').choices(Object.keys(fileKinds)).default('tenant'))
    .option('--json', 'has no effect: the schema is JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  $ tenantry schema\n  $ tenantry schema cluster > cluster.schema.json',
    )
    .action((kind: FileKind) => {
      terminal.print(JSON.stringify(jsonSchemaOf(kind), null, 2))
    })
