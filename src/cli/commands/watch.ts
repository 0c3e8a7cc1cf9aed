import { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'

/** The watchers, each a process that runs until it is stopped. */
export const watchCommand =
  (...watchers: readonly ((context: CommandContext) => Command)[]) =>
  (context: CommandContext): Command => {
    const watch = new Command('watch').description('Watch hosts and clusters, and act on what is seen.')
    for (const make of watchers) watch.addCommand(make(context))
    return watch
  }
