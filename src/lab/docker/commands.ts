import type { Container } from './state.ts'

/** What a command did. */
export interface Outcome {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

interface Surroundings {
  readonly container: Container
  readonly user: string
  readonly env: readonly string[]
}

type Command = (parameters: readonly string[], at: Surroundings) => Outcome

const says = (stdout: string): Outcome => ({ stdout, stderr: '', exitCode: 0 })
const fails = (stderr: string, exitCode = 1): Outcome => ({ stdout: '', stderr, exitCode })

const identity = (user: string): string => {
  const [id = '', group = id] = user.split(':')
  if (id === '' || id === 'root' || id === '0') return 'uid=0(root) gid=0(root) groups=0(root)\n'
  return `uid=${id} gid=${group} groups=${group}\n`
}

const cat: Command = (paths, { container }) => {
  const missing = paths.find((path) => !container.files.has(path))
  if (missing !== undefined) return fails(`cat: can't open '${missing}': No such file or directory\n`)
  return says(paths.map((path) => container.files.get(path) ?? '').join(''))
}

const ls: Command = ([folder = '/'], { container }) => {
  const prefix = folder.endsWith('/') ? folder : `${folder}/`
  const names = [...container.files.keys(), ...Object.keys(container.volumes)]
    .filter((path) => path.startsWith(prefix))
    .map((path) => path.slice(prefix.length).split('/', 1)[0] ?? '')
  if (names.length === 0 && folder !== '/') return fails(`ls: ${folder}: No such file or directory\n`)
  return says(
    [...new Set(names)]
      .sort()
      .map((name) => `${name}\n`)
      .join(''),
  )
}

const words = (text: string): string[] =>
  [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare ?? '',
  )

const shell: Command = ([option, script = ''], at) => {
  if (option !== '-c') return says('')
  let last = says('')
  let [stdout, stderr] = ['', '']
  for (const line of script.split(/;|&&|\n/)) {
    last = runCommand(words(line), at)
    stdout += last.stdout
    stderr += last.stderr
    if (last.exitCode !== 0) break
  }
  return { stdout, stderr, exitCode: last.exitCode }
}

const commands: Readonly<Record<string, Command>> = {
  cat,
  ls,
  sh: shell,
  bash: shell,
  '/bin/sh': shell,
  true: () => says(''),
  false: () => fails(''),
  exit: ([code = '0']) => ({ stdout: '', stderr: '', exitCode: Number(code) || 0 }),
  echo: (parameters) => says(`${parameters.join(' ')}\n`),
  hostname: (_parameters, { container }) => says(`${container.hostname}\n`),
  id: (_parameters, { user }) => says(identity(user)),
  whoami: (_parameters, { user }) => says(`${user.split(':', 1)[0] || 'root'}\n`),
  env: (_parameters, { container, env }) =>
    says([`HOSTNAME=${container.hostname}`, ...container.env, ...env].map((line) => `${line}\n`).join('')),
}

/** Runs one of the few programs every container of this engine has. Never throws. */
export const runCommand = (command: readonly string[], at: Surroundings): Outcome => {
  const [name = '', ...parameters] = command
  if (name === '') return says('')
  const run = Object.hasOwn(commands, name) ? commands[name] : undefined
  return (
    run?.(parameters, at) ??
    fails(
      `OCI runtime exec failed: exec failed: container_linux.go:349: starting container process caused "exec: \\"${name}\\": executable file not found in $PATH": unknown\n`,
      127,
    )
  )
}
