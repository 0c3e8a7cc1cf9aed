import { spawn } from 'node:child_process'
import { Fault } from '../core/fault.ts'
import { programEnvironment } from '../core/program-environment.ts'

/** How a call of git ended. */
export interface GitExit {
  /** 0 is success; 128 is how git says that it could not do what was asked. */
  readonly exitCode: number
  readonly output: Buffer
  /** What git said on stderr, trimmed. In English, whatever the machine speaks. */
  readonly errors: string
}

export interface GitCall {
  /** Where git works, absolute. */
  readonly folder: string
  readonly arguments: readonly string[]
  /** What git reads on its stdin; nothing where absent. */
  readonly input?: string
  /** Exit codes that are an answer rather than a failure; 0 where absent. */
  readonly expected?: readonly number[]
}

/** A call that takes longer hangs: on a network that a partial clone wants, or on a locked disk. */
const longestMilliseconds = 300_000

/**
 * Variables by which a caller's git (a hook, say) would make ours look into another repository than the folder's. Source:
 * `git rev-parse --local-env-vars`.
 */
const redirecting: ReadonlySet<string> = new Set([
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_COMMON_DIR',
  'GIT_DIR',
  'GIT_GRAFT_FILE',
  'GIT_IMPLICIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_PREFIX',
  'GIT_REPLACE_REF_BASE',
  'GIT_WORK_TREE',
])

/** Nothing asks at a terminal, nothing takes a lock, no object stands in for another, no path is a pattern. */
const gitEnvironment = (): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(
    Object.entries(programEnvironment(process.env)).filter(([name]) => !redirecting.has(name)),
  ),
  LC_ALL: 'C',
  GIT_TERMINAL_PROMPT: '0',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_LITERAL_PATHSPECS: '1',
})

const notFound = (cause: unknown): Fault =>
  new Fault('missing-tool', 'There is no git on the PATH.', {
    cause,
    details: { hint: 'Install git 2.24 or later, or leave --since away.' },
  })

const failed = (call: GitCall, exit: GitExit): Fault =>
  new Fault(
    'unavailable',
    `git ${call.arguments[0] ?? ''} failed: ${exit.errors || `exit code ${exit.exitCode}`}.`,
    {
      details: {
        call: `git ${call.arguments.join(' ')}`,
        hint: `Run it in ${call.folder} to see what is wrong.`,
      },
    },
  )

const gather = (call: GitCall): Promise<GitExit> =>
  new Promise((done, fail) => {
    const child = spawn('git', ['--no-pager', ...call.arguments], {
      cwd: call.folder,
      env: gitEnvironment(),
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: longestMilliseconds,
    })
    const output: Buffer[] = []
    const errors: Buffer[] = []
    child.stdout.on('data', (part: Buffer) => output.push(part))
    child.stderr.on('data', (part: Buffer) => errors.push(part))
    child.once('error', (error) => fail(notFound(error)))
    // git may end without reading all of it; its exit code tells why.
    child.stdin.on('error', () => undefined)
    child.stdin.end(call.input ?? '')
    child.once('close', (code) =>
      done({
        exitCode: code ?? 1,
        output: Buffer.concat(output),
        errors: Buffer.concat(errors).toString('utf8').trim(),
      }),
    )
  })

/**
 * Runs git in a folder to its end. Takes no lock, asks nobody, obeys no variable that names another repository.
 *
 * @throws {Fault} `missing-tool` where there is no git, `unavailable` where it ends with a code that is not expected.
 */
export const runGit = async (call: GitCall): Promise<GitExit> => {
  const exit = await gather(call)
  if ((call.expected ?? [0]).includes(exit.exitCode)) return exit
  throw failed(call, exit)
}

/** What git printed, as text without the last line's end. @throws {Fault} as `runGit`. */
export const gitText = async (call: GitCall): Promise<string> =>
  (await runGit(call)).output.toString('utf8').replace(/\n$/, '')
