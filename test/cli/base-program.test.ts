import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { selectStacks } from '../../src/cli/select.ts'
import { sinceOrReport } from '../../src/cli/since.ts'
import { checkoutRoot } from '../../src/engine/checkout.ts'
import type { StackState } from '../../src/model/desired-state.ts'
import {
  type Files,
  type TemporaryRepository,
  temporaryFolder,
  temporaryRepository,
} from '../git/temporary-repository.ts'
import { acme, bolt, soundFleet } from '../load/fleet-of.ts'
import { fakeContext } from './fake-context.ts'
import { fileTree } from './file-tree.ts'

beforeEach(() => {
  vi.stubEnv('TENANTRY_CACHE', join(temporaryFolder(), 'cache'))
})

afterEach(() => {
  vi.unstubAllEnvs()
})

const cache = (): string => join(process.env.TENANTRY_CACHE ?? '', 'base-program')

const tellings = (): string => join(process.env.TENANTRY_CACHE ?? '', 'base-states')

const states = selectStacks(soundFleet([acme, bolt]), { organizations: [], clusters: [] })

/** What a program says, as a program. */
const saying = (lines: readonly string[]): string =>
  `process.stdout.write(${JSON.stringify(lines.map((line) => `${line}\n`).join(''))})\n`

const told = (...said: readonly StackState[]): readonly string[] => [
  ...said.map((state) => `state\t${state.stack}\t${JSON.stringify(state)}`),
  `end\t${said.length}\t0`,
]

/** A repository whose first commit has another program than the work tree. */
const withProgram = (program: string, more: Files = {}): TemporaryRepository => {
  const files = { ...fileTree([acme, bolt]), 'package-lock.json': '{}', '.gitignore': 'node_modules\n' }
  const repository = temporaryRepository({ ...files, 'bin/tenantry.mjs': program, ...more })
  repository.commit({ 'bin/tenantry.mjs': '// The program that is running.\n' })
  return repository
}

const since = async ({ folder }: TemporaryRepository, ref = 'HEAD~1') => {
  const fake = fakeContext(folder, folder)
  const found = await sinceOrReport(fake.context, { ref, rule: 'merge-base', json: false })
  return { ...fake, found, stacks: found?.change.stacks.map(({ stack }) => stack) }
}

describe('a commit with another program', () => {
  it('is compiled by its own', async () => {
    const [platform, ...others] = states
    if (platform === undefined) throw new Error('no states')
    const { found, stacks } = await since(
      withProgram(saying(told({ ...platform, resources: [] }, ...others))),
    )
    expect(stacks).toEqual(['nonprod.platform'])
    expect(found).toMatchObject({ compiledBy: 'its own program', notes: [], baseIssues: [] })
    expect(found?.change.before[1]).toBe(found?.change.after[1])
  })

  it('is asked in words that a program of before them knows', async () => {
    const old = `
      if (process.argv[4] !== 'compile') process.exit(2)
      ${saying([JSON.stringify({ stacks: states.slice(1) }, null, 2)])}`
    expect((await since(withProgram(old))).stacks).toEqual(['nonprod.platform'])
  })

  it('gets no secret of the job that asks it', async () => {
    vi.stubEnv('TENANTRY_PLAN_KEY', 'planted-key')
    vi.stubEnv('TENANTRY_FORGE_TOKEN', 'planted-token')
    vi.stubEnv('PULUMI_CONFIG_PASSPHRASE', 'planted-phrase')
    const spy = `
      if (JSON.stringify(process.env).includes('planted')) {
        console.error('it holds a secret')
        process.exit(1)
      }
      ${saying(told(...states.slice(1)))}`
    const { stacks, out } = await since(withProgram(spy))
    expect(out()).toBe('')
    expect(stacks).toEqual(['nonprod.platform'])
  })

  it('reads its own files, apart from the work tree', async () => {
    const teller = `
      import { readFileSync, readdirSync } from 'node:fs'
      const root = process.argv[3]
      const message = [...readdirSync(root), readFileSync(root + '/tenants/odd.txt', 'utf8'), process.cwd() === root].join(' ')
      process.stdout.write('issue\\t' + JSON.stringify({ code: 'a/b', message }) + '\\nend\\t0\\t1\\n')`
    const repository = withProgram(teller, { 'tenants/odd.txt': 'then', 'src/x': '', 'other/y': '' })
    repository.commit({ 'tenants/odd.txt': null })
    expect((await since(repository, 'HEAD~2')).found?.baseIssues).toEqual([
      { code: 'a/b', message: 'stacks tenants then false' },
    ])
  })

  it('is told what was not understood there', async () => {
    const issue = { code: 'reader/syntax', message: 'Broken.' }
    const lines = [`issue\t${JSON.stringify(issue)}`, 'end\t0\t1']
    const { found } = await since(withProgram(saying(lines)))
    expect(found?.baseIssues).toEqual([issue])
    expect(found?.change.stacks).toHaveLength(6)
  })

  it.each([
    ['fails', "console.error('It broke.'); process.exit(3)", 'It broke.'],
    ['is killed', "process.kill(process.pid, 'SIGKILL')", 'It was ended by SIGKILL.'],
    ['says nothing', '', 'the output is cut'],
    ['is cut', saying(told(...states).slice(0, -1)), 'the output is cut'],
    ['says something else', saying(['Hello!', 'end\t0\t0']), 'a line that begins with "Hello!"'],
    [
      'refuses its files',
      "if (process.argv[4] === 'states') process.exit(2); console.error('3 issues.'); process.exit(1)",
      '3 issues.',
    ],
  ])('is an issue where that %s', async (_, program, words) => {
    const { found, out, exitCode } = await since(withProgram(program))
    expect([found, exitCode()]).toEqual([undefined, 1])
    expect(out()).toMatch(
      /^since\/base-program The program of [0-9a-f]{12} cannot tell what it makes of its files: /,
    )
    expect(out()).toContain(words)
    expect(out()).toContain('hint: Shared code differs')
  })

  it('is compiled by the program that is running where it holds none', async () => {
    const repository = temporaryRepository(fileTree([acme, bolt]))
    repository.commit({ 'bin/tenantry.mjs': '', 'src/a.ts': '' })
    const { found, stacks } = await since(repository)
    expect(stacks).toEqual([])
    expect(found?.notes).toEqual([
      expect.stringMatching(/^[0-9a-f]{12} holds no program; the one that is running compiles its files\.$/),
    ])
  })

  it('is compiled by the program that is running where that stands in another repository', async () => {
    const files = withProgram(saying(['unused']))
    const fake = fakeContext(files.folder, temporaryRepository({ 'bin/tenantry.mjs': '' }).folder)
    const found = await sinceOrReport(fake.context, { ref: 'HEAD~1', rule: 'merge-base', json: false })
    expect(found).toMatchObject({ compiledBy: 'this program', notes: [] })
  })

  it('sees a program that is changed and not committed, or not added yet', async () => {
    const repository = withProgram(saying(told(...states)))
    expect((await since(repository, 'HEAD')).found?.compiledBy).toBe('this program')
    repository.write({ 'src/new.ts': '' })
    expect((await since(repository, 'HEAD')).out()).toContain('the output is cut')
  })

  it('is ended where the work tree has issues', async () => {
    const mark = join(temporaryFolder(), 'pid')
    const endless = `import { writeFileSync } from 'node:fs'
      writeFileSync(${JSON.stringify(mark)}, String(process.pid))
      setInterval(() => {}, 1000)`
    const repository = withProgram(endless)
    repository.write({ 'tenants/acme.ts': 'export default {' })
    const { found, out } = await since(repository)
    expect(found).toBeUndefined()
    expect(out()).toContain('reader/syntax')
    await vi.waitFor(() => expect(isAlive(mark)).toBe(false), { timeout: 20_000 })
  })
})

/** Whether the process that left its number in a file still runs; one that never began does not. */
const isAlive = (mark: string): boolean => {
  try {
    return existsSync(mark) && process.kill(Number(readFileSync(mark, 'utf8')), 0)
  } catch {
    return false
  }
}

describe('what is kept of a program', () => {
  it('is one folder for as long as the program is the same, whatever the files', async () => {
    const repository = withProgram(saying(told(...states)))
    await since(repository)
    const [kept = ''] = readdirSync(cache())
    writeFileSync(join(cache(), kept, 'mark'), '')
    repository.commit({ 'bin/tenantry.mjs': saying(told(...states)), 'tenants/bolt.ts': null })
    repository.commit({ 'bin/tenantry.mjs': '', ...fileTree([acme, bolt]) })
    await since(repository)
    expect(readdirSync(cache())).toEqual([kept])
    expect(existsSync(join(cache(), kept, 'mark'))).toBe(true)
  })

  it('is another folder for another program', async () => {
    const repository = withProgram(saying(told(...states)))
    await since(repository)
    repository.commit({ 'src/a.ts': '1' })
    repository.commit({ 'src/a.ts': '2', 'bin/tenantry.mjs': saying(told()) })
    repository.commit({ 'bin/tenantry.mjs': '' })
    expect((await since(repository)).found?.change.before).toEqual([])
    expect(readdirSync(cache())).toHaveLength(2)
  })

  it('goes after a week without use, but the newest few', async () => {
    const repository = withProgram(saying(told(...states)))
    await since(repository)
    const [kept = ''] = readdirSync(cache())
    const long = new Date(Date.now() - 30 * 24 * 3600 * 1000)
    for (let index = 0; index < 12; index += 1) {
      cpSync(join(cache(), kept), join(cache(), `old-${index}`), { recursive: true })
      utimesSync(join(cache(), `old-${index}`), long, long)
    }
    utimesSync(join(cache(), kept), long, long)
    for (const name of readdirSync(tellings())) rmSync(join(tellings(), name))
    await since(repository)
    expect(readdirSync(cache())).toHaveLength(9)
    expect(readdirSync(cache())).toContain(kept)
  })
})

describe('what a program told', () => {
  /** A program that adds a line to a file whenever it is asked. */
  const counting = (): { readonly program: string; readonly asked: () => number } => {
    const file = join(temporaryFolder(), 'asked')
    const program = `
      import { appendFileSync } from 'node:fs'
      appendFileSync(${JSON.stringify(file)}, 'x')
      ${saying(told(...states.slice(1)))}`
    return { program, asked: () => readFileSync(file, 'utf8').length }
  }

  it('is asked once for the same files, and anew for others', async () => {
    const { program, asked } = counting()
    const repository = withProgram(program)
    const first = await since(repository)
    const again = await since(repository)
    expect([first.stacks, again.stacks]).toEqual([['nonprod.platform'], ['nonprod.platform']])
    expect(again.found?.compiledBy).toBe('its own program')
    expect(asked()).toBe(1)
    repository.commit({ 'bin/tenantry.mjs': program, 'tenants/bolt.ts': null })
    repository.commit({ 'bin/tenantry.mjs': '// The program that is running.\n' })
    await since(repository)
    expect(asked()).toBe(2)
  })

  it('is asked again where what is kept was cut', async () => {
    const { program, asked } = counting()
    const repository = withProgram(program)
    await since(repository)
    for (const name of readdirSync(tellings())) truncateSync(join(tellings(), name), 1000)
    expect((await since(repository)).stacks).toEqual(['nonprod.platform'])
    expect(asked()).toBe(2)
    await since(repository)
    expect(asked()).toBe(2)
  })

  it('is asked all the same where it cannot be kept', async () => {
    const { program, asked } = counting()
    mkdirSync(process.env.TENANTRY_CACHE ?? '')
    writeFileSync(tellings(), 'in the way')
    const repository = withProgram(program)
    for (const times of [1, 2]) {
      expect((await since(repository)).stacks).toEqual(['nonprod.platform'])
      expect(asked()).toBe(times)
    }
  })
})

describe('the packages of a program', () => {
  /** An npm that does what a test wants, before every other. */
  const fakeNpm = (script: string): void => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'npm'), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    vi.stubEnv('PATH', `${folder}${delimiter}${process.env.PATH}`)
  }

  const packaged = (): TemporaryRepository => {
    const teller = `
      import { readFileSync } from 'node:fs'
      const message = readFileSync(new URL('../node_modules/mark', import.meta.url), 'utf8').trim()
      process.stdout.write('issue\\t' + JSON.stringify({ code: 'a/b', message }) + '\\nend\\t0\\t1\\n')`
    const repository = withProgram(teller)
    repository.write({ 'node_modules/mark': 'as installed here' })
    return repository
  }

  it('are those of this checkout where the lock file is the same', async () => {
    fakeNpm('exit 1')
    const { found, err } = await since(packaged())
    expect(found?.baseIssues).toMatchObject([{ message: 'as installed here' }])
    expect(err()).toBe('')
  })

  it('are installed where it differs, without running their scripts', async () => {
    fakeNpm('mkdir node_modules && echo "$@" > node_modules/mark')
    const repository = packaged()
    repository.commit({ 'package-lock.json': '{ "other": true }' })
    const { found, err } = await since(repository, 'HEAD~2')
    expect(found?.baseIssues).toMatchObject([
      { message: expect.stringMatching(/^ci --ignore-scripts --omit=dev/) },
    ])
    expect(err()).toContain('Installing the npm packages')
  })

  it('are an issue where they cannot be installed, and nothing half-made is kept', async () => {
    fakeNpm('mkdir node_modules; echo "registry is down" >&2; exit 1')
    const repository = packaged()
    repository.commit({ 'package-lock.json': '{ "other": true }' })
    const { out } = await since(repository, 'HEAD~2')
    expect(out()).toContain('its packages cannot be installed: registry is down')
    expect(readdirSync(cache())).toEqual([])
  })
})

describe('the real program', () => {
  const sources = ['bin', 'package.json', 'package-lock.json', 'Pulumi.yaml', 'src', 'tsconfig.json']

  /** A checkout as this one is, with some files and the packages that are installed here. */
  const realCheckout = (files: Files): TemporaryRepository => {
    const repository = temporaryRepository({ '.gitignore': 'node_modules\n.tenantry\n' })
    const from = checkoutRoot()
    for (const name of sources) cpSync(join(from, name), join(repository.folder, name), { recursive: true })
    symlinkSync(join(from, 'node_modules'), join(repository.folder, 'node_modules'))
    repository.commit(files)
    return repository
  }

  const ci = { agents: { max: 2, cpu: '1', memory: '1Gi', labels: ['node'] } }
  const building = { offers: { 'run/std': {}, 'build/std': {} }, ci }

  it('says that a changed size class affects exactly the tenants of that size', async () => {
    const repository = realCheckout(
      fileTree([
        { ...acme, ...building, size: 'medium' },
        { ...bolt, ...building },
      ]),
    )
    const file = 'src/compile/size-classes.ts'
    const text = readFileSync(join(repository.folder, file), 'utf8')
    const other = text.replace(/(medium: sizeOf\(\[[^\]]*\], \[[^\]]*\], \[)\d+/, '$11')
    expect(other).not.toBe(text)
    repository.commit({ [file]: other })
    repository.commit({ [file]: text })
    const { found, stacks, out } = await since(repository)
    expect(out()).toBe('')
    expect(found?.compiledBy).toBe('its own program')
    expect(stacks).toEqual(['nonprod.acme', 'prod.acme'])
  })

  it('says that a change of words in shared code affects nothing, and leaves out what it cannot understand', async () => {
    const repository = realCheckout({ ...fileTree([acme, bolt]), 'tenants/cord.ts': 'export default {' })
    repository.commit({
      'src/compile/compile.ts': `${readFileSync(join(repository.folder, 'src/compile/compile.ts'), 'utf8')}// Words.\n`,
      'tenants/cord.ts': null,
    })
    const { found, stacks } = await since(repository)
    expect(found?.compiledBy).toBe('its own program')
    expect(stacks).toEqual([])
    expect(found?.baseIssues).toMatchObject([{ code: 'reader/syntax', source: { file: 'tenants/cord.ts' } }])
  })
})
