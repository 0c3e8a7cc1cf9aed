import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { root as checkout } from '../../bin/bundle.mjs'
import type { Issue } from '../../src/core/issue.ts'

interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** What would start an engine or find a lab is taken out of the environment: a command that asks for it says so. */
const bare = () => {
  const { PULUMI_BACKEND_URL, TENANTRY_CONNECTIONS, ...rest } = process.env
  return { ...rest, NO_COLOR: '1' }
}

const tenantry = (...args: string[]): Promise<Ended> =>
  new Promise((done) => {
    const child = execFile(
      process.execPath,
      [join(checkout, 'bin/tenantry.mjs'), ...args],
      { env: bare(), maxBuffer: 1e8 },
      (_, out, err) => done({ code: child.exitCode ?? -1, out, err }),
    )
  })

const file = 'tenants/data-science.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tenantry-cli-'))
  for (const folder of ['tenants', 'stacks'])
    await cp(join(checkout, folder), join(root, folder), {
      recursive: true,
      filter: (path) => !path.endsWith('.yaml'),
    })
})
afterEach(() => rm(root, { recursive: true, force: true }))

const edit = async (path: string, before: string | RegExp, after: string): Promise<void> => {
  const text = await readFile(join(root, path), 'utf8')
  const edited = text.replace(before, after)
  if (edited === text) throw new Error(`${path} holds no ${before}`)
  await writeFile(join(root, path), edited)
}

const issuesOf = ({ out }: Ended): readonly Issue[] => (JSON.parse(out) as { issues: Issue[] }).issues

const retail = 'tenants/retail-banking.ts'
const badFiles: readonly (readonly [name: string, code: string, at: string, spoil: () => Promise<void>])[] = [
  ['a call', 'reader/call', file, () => edit(file, "'small'", "String('small')")],
  ['a spread', 'reader/spread', file, () => edit(file, "size: 'small'", "...{ size: 'small' }")],
  ['an import', 'reader/import', file, () => edit(file, /^/, "import { x } from 'node:fs'\n")],
  ['a prototype key', 'reader/prototype-key', file, () => edit(file, 'size:', '__proto__: {}, size:')],
  ['10 MB', 'reader/too-large', file, () => edit(file, /$/, ' '.repeat(10 * 1024 ** 2))],
  [
    'bytes that are not UTF-8',
    'reader/not-utf8',
    file,
    () => writeFile(join(root, file), Buffer.from([0xff, 0xfe])),
  ],
  ['a duplicate key', 'reader/duplicate-key', file, () => edit(file, 'size:', "size: 'large', size:")],
  [
    'another organization’s name',
    'tenant/misnamed-file',
    file,
    () => edit(file, "'data-science'", "'data-silence'"),
  ],
  ['an unknown field', 'tenant/unknown-field', file, () => edit(file, 'costCentre', 'costCenter')],
  [
    'overlapping subnets',
    'fleet/overlapping-subnets',
    retail,
    () => edit(retail, '10.64.17.0/25', '10.64.17.128/25'),
  ],
  [
    'one organization twice',
    'fleet/duplicate-organization',
    file,
    () => cp(join(root, file), join(root, 'tenants/again.ts')),
  ],
  [
    'a subnet outside',
    'tenant/subnet-outside',
    retail,
    () => edit(retail, '10.64.17.0/25', '192.168.4.0/25'),
  ],
  ['an unknown storage back end', 'tenant/unknown-backend', retail, () => edit(retail, "'nfs'", "'nsf'")],
  ['an unknown VLAN', 'tenant/unknown-vlan', retail, () => edit(retail, "'partners'", "'partner'")],
  [
    'a quota over the capacity',
    'fleet/over-capacity',
    'stacks/nonprod.ts',
    () => edit(file, "'small',", "'small', quota: { memory: '9Ti' },"),
  ],
  [
    'one person in two posts',
    'tenant/owner-is-technical-lead',
    file,
    () => edit(file, /technicalLead: '[^']*'/, "technicalLead: 'nadia.rossi@bank.example'"),
  ],
  [
    'a link out of the checkout',
    'reader/outside',
    'tenants/link.ts',
    () => symlink('/etc/passwd', join(root, 'tenants/link.ts')),
  ],
  [
    'a folder named like a file',
    'fleet/not-a-typed-file',
    'tenants/folder.ts',
    () => mkdir(join(root, 'tenants/folder.ts')).then(() => undefined),
  ],
]

describe('a wrong file', () => {
  test.each(badFiles)(
    'with %s is told with its place, and nothing is started',
    async (_, code, at, spoil) => {
      await spoil()
      const json = await tenantry('--root', root, 'up', '--json')
      expect(json).toMatchObject({ code: 1, err: '' })
      const issue = issuesOf(json).find((one) => one.code === code)
      expect(issue?.source).toMatchObject({ file: expect.any(String), line: expect.any(Number) })
      expect(issuesOf(json).some((one) => one.code === code && one.source?.file === at)).toBe(true)
      expect(issue?.hint).toBeTruthy()
      const told = await tenantry('--root', root, 'validate')
      expect(told).toMatchObject({ code: 1, err: '' })
      expect(told.out).toMatch(new RegExp(`${at.replaceAll('.', '\\.')}:\\d+:\\d+ ${code} `))
      expect(told.out).toContain('Nothing was touched on any cluster.')
    },
  )

  test('shows nothing of a file that a link leads to', async () => {
    await symlink('/etc/passwd', join(root, 'tenants/link.ts'))
    expect((await tenantry('--root', root, 'validate')).out).not.toContain('root:')
  })

  test('that is a pipe is not waited for', async () => {
    await new Promise((done) => execFile('sh', ['-c', 'mkfifo "$0"', join(root, 'tenants/pipe.ts')], done))
    expect(issuesOf(await tenantry('--root', root, 'validate', '--json'))[0]?.code).toBe('reader/unreadable')
    expect((await tenantry('--root', root, 'validate')).code).toBe(1)
  })
})

describe('exit codes', () => {
  test.each([
    ['of a sound checkout', ['validate'], 0],
    ['of help', ['up', '--help'], 0],
    ['of no command', [], 2],
    ['of an unknown command', ['valdate'], 2],
    ['of an unknown option', ['validate', '--jsn'], 2],
    ['of no engines at once', ['up', '--parallel', '0'], 2],
    ['of an unknown organization', ['compile', 'retail-bankin'], 2],
    ['of an unknown field', ['explain', 'retail-banking', 'quota.memry'], 2],
    ['of a platform to destroy', ['destroy', 'platform'], 2],
    ['of answers that are not there', ['new', '--answers', '/nowhere.json'], 2],
    ['of a folder that is not there', ['--root', '/nowhere', 'validate'], 1],
  ])('%s', async (_, args, code) => {
    const ended = await tenantry(...args)
    expect(ended.code).toBe(code)
    expect(`${ended.out}${ended.err}`).not.toMatch(/\n\s+at /)
  })
})

describe('output', () => {
  test('for a machine is JSON on stdout alone', async () => {
    for (const args of [
      ['validate'],
      ['compile', 'data-science'],
      ['schema'],
      ['explain', 'data-science', 'quota'],
    ]) {
      const { out, err, code } = await tenantry('--root', root, ...args, '--json')
      expect({ err, code }).toEqual({ err: '', code: 0 })
      expect(JSON.parse(out)).toBeTruthy()
    }
  })

  test('has no escape codes where nobody watches', async () => {
    const { out, err } = await tenantry('--root', root, 'compile', 'data-science')
    expect(`${out}${err}`).not.toContain('\u001b')
  })

  test('of every command’s help has examples', async () => {
    for (const name of [
      'validate',
      'compile',
      'preview',
      'up',
      'destroy',
      'status',
      'new',
      'explain',
      'schema',
    ])
      expect((await tenantry(name, '--help')).out).toMatch(/Examples?:\n {2}\$ tenantry/)
  })
})

describe('tenantry new', () => {
  const answers = {
    organization: 'claims',
    size: 'small',
    owner: 'a@bank.example',
    technicalLead: 'b@bank.example',
    costCentre: 'CL-1000',
    offers: { 'run/std': {} },
    teams: { developers: { role: 'developer', ldapGroup: 'CN=CL-Dev,OU=Groups,DC=bank,DC=example' } },
    applications: { intake: { environments: ['dev', 'prod'] } },
    networks: { backend: { kind: 'overlay', prefix: 26 }, web: { kind: 'public', addresses: 2 } },
  }
  const create = async (content: unknown, ...more: string[]): Promise<Ended> => {
    const path = join(root, 'answers.json')
    await writeFile(path, JSON.stringify(content))
    return tenantry('--root', root, 'new', '--answers', path, ...more)
  }

  test('writes a file that passes the checks, once', async () => {
    expect((await create(answers)).code).toBe(0)
    expect((await tenantry('--root', root, 'validate')).code).toBe(0)
    const written = await readFile(join(root, 'tenants/claims.ts'), 'utf8')
    const again = await create(answers)
    expect(again).toMatchObject({ code: 2 })
    expect(again.err).toContain('tenants/claims.ts exists already')
    expect(await readFile(join(root, 'tenants/claims.ts'), 'utf8')).toBe(written)
  })

  test.each([
    ['a dry run', answers, ['--dry-run'], 0],
    ['unknown fields', { ...answers, costCenter: 'x' }, [], 2],
    ['a name that leads elsewhere', { ...answers, organization: '../x' }, [], 2],
    ['one person in two posts', { ...answers, technicalLead: 'a@bank.example' }, [], 1],
  ])('writes nothing on %s', async (_, content, more, code) => {
    expect((await create(content, ...more)).code).toBe(code)
    expect((await readdir(join(root, 'tenants'))).sort()).toEqual(
      (await readdir(join(checkout, 'tenants'))).sort(),
    )
  })
})
