import { execFile } from 'node:child_process'
import { tmpdir } from 'node:os'

/** How a program ended. */
export interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

export const startProgram = (
  command: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<Ended> =>
  new Promise((done) => {
    const child = execFile(command, args, { cwd, env, maxBuffer: 1e8 }, (_, out, err) =>
      done({ code: child.exitCode ?? -1, out, err }),
    )
  })

/** Nobody's own settings, and no forge's variables: those of the machine that runs the tests among them. */
export const bareEnvironment = (): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  HOME: tmpdir(),
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@bank.example',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@bank.example',
  NO_COLOR: '1',
})

/** Runs the real git in a folder; what it printed. Throws where it fails. */
export const git = async (folder: string, ...args: readonly string[]): Promise<string> => {
  const { code, out, err } = await startProgram('git', args, folder, bareEnvironment())
  if (code !== 0) throw new Error(`git ${args.join(' ')}: ${err}`)
  return out.trim()
}
