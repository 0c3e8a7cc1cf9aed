import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { CiSession } from '../../../src/cli/ci/ci-session.ts'
import { ciTerminal } from '../../../src/cli/ci/ci-terminal.ts'
import { runCommandForJob } from '../../../src/cli/ci/run-command.ts'
import type { CommandContext } from '../../../src/cli/command-context.ts'
import { Fault } from '../../../src/core/fault.ts'
import { Secret } from '../../../src/core/secret.ts'
import { fakeTerminal } from '../fake-terminal.ts'

const told = { clean: 'All well', issues: 'Something is otherwise', fault: 'Not everything was done' }

let folder: string
let codes: number[]
let terminal: ReturnType<typeof fakeTerminal>
let session: CiSession
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-run-command-'))
  codes = []
  terminal = fakeTerminal()
  const secrets = [new Secret('passphrase-0123456789')]
  const context = {
    root: folder,
    project: folder,
    terminal: ciTerminal(terminal, 'github', secrets),
    finish: (code: number) => codes.push(code),
  }
  const summaryFile = join(folder, 'summary.md')
  session = {
    place: { forge: 'github', event: 'push', summaryFile },
    context,
    token: undefined,
    secrets,
    folder,
    issues: [],
  }
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const run = (act: (context: CommandContext) => void | Promise<void>, ...args: string[]) =>
  runCommandForJob(
    session,
    {
      make: (context) =>
        new Command('x')
          .option('--known')
          .exitOverride()
          .action(() => act(context)),
      arguments: args,
    },
    told,
  )

const artifact = (name: string) => readFile(join(folder, name), 'utf8')

describe('a command that a job calls', () => {
  test('is told in the log, the summary and the artifacts', async () => {
    const code = await run(({ terminal: { print } }) => print('3 stacks applied.'), '--known')
    expect(code).toBe(0)
    expect(terminal.out).toEqual(['3 stacks applied.'])
    expect(await artifact('report.txt')).toBe('3 stacks applied.\n')
    expect(await artifact('summary.md')).toBe('## All well\n\n```text\n3 stacks applied.\n```\n\n')
  })

  test.each([
    [1, 'Something is otherwise'],
    [2, 'Not everything was done'],
    [3, 'Not everything was done'],
  ])('hands on its exit code %i', async (code, title) => {
    expect(await run(({ finish }) => finish(code))).toBe(code)
    expect(codes).toEqual([code])
    expect(await artifact('report.md')).toContain(`## ${title}`)
  })

  test('loses no report where it fails in the middle', async () => {
    const code = await run(({ terminal: { print } }) => {
      print('1 of 3 stacks applied.')
      throw new Fault('unavailable', 'The state cannot be written.')
    })
    expect(code).toBe(3)
    expect(await artifact('report.txt')).toBe('1 of 3 stacks applied.\n')
    expect(terminal.err.join('\n')).toContain('The state cannot be written.')
  })

  test('gives the runner no command, and none of the job’s secrets away', async () => {
    await run(({ terminal: { print } }) => print('::set-env name=X::y\npassphrase-0123456789'))
    expect(terminal.out.filter((line) => line.startsWith('::'))).toEqual([])
    expect(terminal.out.join('\n')).not.toContain('passphrase-0123456789')
    expect(await artifact('report.txt')).toContain('[secret]')
    expect(await artifact('summary.md')).not.toContain('passphrase-0123456789')
  })
})
