import { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'
export const labCommand = (_context: CommandContext): Command => new Command('lab')
