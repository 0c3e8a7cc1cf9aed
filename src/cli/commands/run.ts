import { availableParallelism } from 'node:os'
import { Command } from 'commander'
import { collect, wholeNumber } from '../selection-options.ts'

/** The options that preview and up share: which stacks, how many engines, how it is told. */
export const runCommand = (name: 'preview' | 'up', description: string): Command =>
  new Command(name)
    .description(description)
    .argument('[organizations...]', 'of these organizations; all where none is named')
    .option('-c, --cluster <name>', 'on this cluster; may be repeated', collect, [])
    .option('-p, --parallel <count>', 'engines at once', wholeNumber(1, 64), availableParallelism())
    .option(
      '--full',
      'run also the stacks whose desired state is the one applied last, which finds drift of the state',
    )
    .option('-q, --quiet', 'one line a stack, without its resources')
    .option('--json', 'print the outcome as JSON')
