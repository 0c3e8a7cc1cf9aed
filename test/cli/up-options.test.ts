import { describe, expect, test } from 'vitest'
import type { CommandContext } from '../../src/cli/command-context.ts'
import { upCommand } from '../../src/cli/commands/up.ts'
import { UsageError } from '../../src/cli/exit-code.ts'
import { fakeTerminal } from './fake-terminal.ts'

/** What `up` says to words that it refuses before it reads anything. */
const refusal = async (...words: readonly string[]): Promise<string> => {
  const context: CommandContext = {
    root: '/nowhere',
    project: '/nowhere',
    terminal: fakeTerminal(),
    finish: () => undefined,
  }
  const command = upCommand(context)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
  return command.parseAsync([...words], { from: 'user' }).then(
    () => 'taken',
    (error: unknown) =>
      error instanceof UsageError ? `${error.message} ${error.hint}` : String((error as Error).message),
  )
}

describe('up', () => {
  test.each([
    [['--all', '--since', 'main'], '--since and --all each say which stacks.'],
    [['--plan', 'p.json', '--since', 'main'], '--plan and --since each say which stacks.'],
    [['--plan', 'p.json', '--all'], '--plan and --all each say which stacks.'],
    [['--all', 'acme'], 'Leave acme away, or --all.'],
    [['--plan', 'p.json', 'acme'], 'Leave acme away, or --plan.'],
    [['--plan', 'p.json', '--cluster', 'prod'], 'Leave --cluster away, or --plan.'],
    [['--wait', '-1'], 'Give a whole number from 0 to 86400.'],
    [['--wait', 'long'], 'Give a whole number from 0 to 86400.'],
  ])('refuses %j', async (words, said) => {
    expect(await refusal(...words)).toContain(said)
  })

  test.each([[['--all', '--cluster', 'nonprod']], [['--since', 'main', 'acme']], [['acme']]])(
    'takes %j for a wish',
    async (words) => {
      expect(await refusal(...words)).not.toContain('each say')
    },
  )
})
