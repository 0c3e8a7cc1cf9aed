import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { complianceCommand } from '../../src/cli/commands/compliance.ts'
import { checkoutRoot } from '../../src/engine/checkout.ts'
import { goodFacts, goodScan } from '../compliance/stack-case.ts'
import { fakeContext } from './fake-context.ts'

const folder = mkdtempSync(join(tmpdir(), 'tenantry-compliance-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const at = (name: string): string => join(folder, name)

const compliance = async (...args: string[]) => {
  const told = fakeContext(checkoutRoot())
  const command = complianceCommand(told.context).exitOverride()
  for (const child of command.commands) child.exitOverride().configureOutput({ writeErr: () => {} })
  await command.parseAsync(args, { from: 'user' })
  return told
}

const image = 'registry.nonprod.bank.example/retail-banking/payments-api:1.4.2'

const good = `name: payments
services:
  api:
    image: ${image}
    user: '1000:1000'
    security_opt: [no-new-privileges]
    networks: [backend]
    healthcheck: { test: [CMD, /health] }
    logging: { driver: gelf }
    deploy:
      labels: { com.docker.ucp.access.label: /Run/Std/retail-banking/payments }
      resources:
        limits: { cpus: '1', memory: 512M }
        reservations: { cpus: '0.1', memory: 128M }
      update_config: { failure_action: rollback }
      restart_policy: { condition: on-failure }
networks:
  backend: { external: true, name: retail-banking-backend }
`

const files = {
  good: at('good.yml'),
  bad: at('bad.yml'),
  facts: at('facts.json'),
  scan: at('scan.json'),
  running: at('running.json'),
}

beforeAll(() => {
  writeFileSync(files.good, good)
  writeFileSync(
    files.bad,
    good
      .replace("'1000:1000'", 'root')
      .replace('logging:', 'environment: { DB_PASSWORD: hunter2 }\n    logging:'),
  )
  writeFileSync(
    files.facts,
    JSON.stringify({
      ...goodFacts(),
      reference: image,
      malware: { ...goodFacts().malware, signaturesFrom: new Date().toISOString() },
    }),
  )
  writeFileSync(
    files.scan,
    JSON.stringify({
      SchemaVersion: 2,
      CreatedAt: new Date().toISOString(),
      ArtifactName: image,
      Metadata: { RepoDigests: goodScan().digests },
    }),
  )
  writeFileSync(files.running, '[]')
})

const where = ['--tenant', 'retail-banking', '--cluster', 'nonprod', '--application', 'payments']

describe('tenantry compliance check', () => {
  it('is content with a stack in which nothing is wrong, by its files alone', async () => {
    const { out, exitCode } = await compliance('check', files.good, ...where, '--static')
    expect(out()).toContain('no findings')
    expect(out()).toContain('Not checked: the images, read layer by layer.')
    expect(exitCode()).toBe(0)
  })

  it('is content with one of which everything was looked at', async () => {
    const everything = ['--image-facts', files.facts, '--scan', files.scan, '--running', files.running]
    const { out, exitCode } = await compliance('check', files.good, ...where, ...everything)
    expect(out()).toMatch(/: no findings\.$/)
    expect(exitCode()).toBe(0)
  })

  it('takes what was not looked at for a finding', async () => {
    const { out, exitCode } = await compliance('check', files.good, ...where)
    for (const rule of ['image/not-read', 'scan/none', 'quota/usage-unknown']) expect(out()).toContain(rule)
    expect(exitCode()).toBe(1)
  })

  it('shows findings at their lines, and no secret in any frame', async () => {
    const { out, exitCode } = await compliance('check', files.bad, ...where, '--static')
    expect(out()).toContain(`${files.bad}:5:11 root/user [critical] Service api runs as root.`)
    expect(out()).toContain('secret/in-environment')
    expect(out()).not.toContain('hunter2')
    expect(exitCode()).toBe(1)
  })

  it('fails for what is as grave as asked alone', async () => {
    const cautious = at('cautious.yml')
    writeFileSync(cautious, good.replace('logging: { driver: gelf }', 'logging: {}'))
    expect((await compliance('check', cautious, ...where, '--static')).exitCode()).toBe(1)
    const { exitCode, out } = await compliance('check', cautious, ...where, '--static', '--fail-on', 'high')
    expect(exitCode()).toBe(0)
    expect(out()).toContain("below 'high' fail nothing")
  })

  it('writes every report that is asked for', async () => {
    const reports = {
      sarif: at('r/a.sarif'),
      junit: at('r/a.xml'),
      json: at('r/a.json'),
      markdown: at('r/a.md'),
      github: at('r/a.txt'),
    }
    const outputs = Object.entries(reports).flatMap(([format, file]) => ['--output', `${format}=${file}`])
    await compliance('check', files.bad, ...where, '--static', ...outputs)
    for (const file of Object.values(reports)) expect(readFileSync(file, 'utf8')).toContain('root/user')
    expect(readFileSync(reports.github, 'utf8')).toMatch(/^::error file=.*title=root\/user::/m)
  })

  it('writes what is known today as a baseline, and bears it from then on', async () => {
    const known = at('known.json')
    const terms = [
      '--owner',
      'ann@bank.example',
      '--reason',
      'OPS-42: off root in spring',
      '--expires',
      inDays(30),
    ]
    const written = await compliance(
      'check',
      files.bad,
      ...where,
      '--static',
      '--write-baseline',
      known,
      ...terms,
    )
    expect(written.exitCode()).toBe(0)
    expect(readFileSync(known, 'utf8')).not.toContain('hunter2')
    const again = await compliance('check', files.bad, ...where, '--static', '--baseline', known)
    expect(again.exitCode()).toBe(0)
    expect(again.out()).toMatch(/2 more known and borne, the first ends on \d/)
    const clean = await compliance('check', files.good, ...where, '--static', '--baseline', known)
    expect(clean.out()).toContain('2 of the baseline are found no more')
  })

  it.each([
    ['an organization that nobody has', ['--tenant', 'nobody', '--cluster', 'nonprod'], 'nobody'],
    ['an application that it does not have', [...where.slice(0, 4), '--application', 'nope'], 'nope'],
    ['--static with more than files', [...where, '--static', '--scan', files.scan], '--static'],
    ['a scanner without images', [...where, '--clamd', 'tcp://127.0.0.1:3310'], '--clamd'],
    ['a baseline without terms', [...where, '--static', '--write-baseline', at('x.json')], '--owner'],
  ])('refuses %s', async (_, options, hint) => {
    await expect(compliance('check', files.good, ...options)).rejects.toThrow(hint)
    expect(existsSync(at('x.json'))).toBe(false)
  })

  it.each([
    ['a file that is not there', 'nope.yml', undefined, 'input/unreadable'],
    ['a folder', '.', undefined, 'input/unreadable'],
    ['tabs', 'tab.yml', 'services:\n\tx: 1\n', 'yaml/'],
    [
      'a bomb',
      'bomb.yml',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghij'
        .split('')
        .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefghi'[index]}`).join()}]`)
        .join('\n')}\n`,
      'yaml/',
    ],
    ['duplicate keys', 'twice.yml', 'services: {}\nservices: {}\n', 'yaml/'],
    ['a key that nobody knows', 'odd.yml', 'services: {web: {image: x, imagee: y}}\n', 'compose/'],
    ['a list', 'list.yml', '- a\n', 'compose/'],
    ['a file of megabytes', 'large.yml', `# ${'x'.repeat(3_000_000)}\n`, 'input/unreadable'],
  ])('reports %s with its place', async (_, name, text, code) => {
    if (text !== undefined) writeFileSync(at(name), text)
    const { out, exitCode } = await compliance('check', at(name), ...where, '--static', '--format', 'json')
    expect(exitCode()).toBe(1)
    const { issues } = JSON.parse(out())
    expect(issues[0].code).toContain(code)
    expect(issues[0].source.line).toBeGreaterThan(0)
  })

  it('reports bytes that are no UTF-8', async () => {
    writeFileSync(at('latin.yml'), Buffer.from([0x61, 0x3a, 0x20, 0xe9, 0x0a]))
    const { out } = await compliance('check', at('latin.yml'), ...where, '--static', '--format', 'json')
    expect(JSON.parse(out()).issues[0].code).toBe('reader/not-utf8')
  })

  it.each([
    ['--scan', 'scan-report/unreadable'],
    ['--image-facts', 'image-facts/unreadable'],
    ['--running', 'running/unreadable'],
    ['--baseline', 'baseline/unreadable'],
  ])('reports what %s names and is something else', async (option, code) => {
    writeFileSync(at('other.json'), '{"something":"else"}')
    const { out, exitCode } = await compliance(
      'check',
      files.good,
      ...where,
      option,
      at('other.json'),
      '--format',
      'json',
    )
    expect(JSON.parse(out()).issues[0].code).toBe(code)
    expect(exitCode()).toBe(1)
  })

  it('tells why an image cannot be read', async () => {
    const { out } = await compliance(
      'check',
      files.good,
      ...where,
      '--images',
      `docker-archive:${at('nope.tar')}`,
    )
    expect(out()).toMatch(/image\/not-read .*nope\.tar cannot be read/)
  })
})

describe('a stack of several files', () => {
  const check = (...args: string[]) => compliance('check', ...args, ...where, '--static', '--format', 'json')
  const found = async (...args: string[]) => {
    const { out } = await check(...args)
    return JSON.parse(out()).findings as { rule: string; file: string; line: number }[]
  }

  it('is checked as it is merged, each finding at the file that it comes from', async () => {
    writeFileSync(at('ops.yml'), 'services:\n  api:\n    privileged: true\n')
    expect(await found(files.good, at('ops.yml'))).toMatchObject([
      { rule: 'root/privileged', file: at('ops.yml'), line: 3 },
    ])
  })

  it('has the limits that an override gives, and none where a profile takes it away', async () => {
    const bare = at('bare.yml')
    writeFileSync(bare, good.replace(/ {6}resources:\n.*\n.*\n/, ''))
    const limits = "{ limits: { cpus: '1', memory: 512M }, reservations: { cpus: '0.1', memory: 128M } }"
    writeFileSync(at('limits.yml'), `services:\n  api:\n    deploy: { resources: ${limits} }\n`)
    writeFileSync(
      at('profile.yml'),
      `services:\n  api:\n    profiles: [limited]\n    deploy: { resources: ${limits} }\n`,
    )
    const rules = async (...args: string[]) => [...new Set((await found(...args)).map(({ rule }) => rule))]
    expect(await rules(bare)).toEqual(['limits/no-cpu-limit', 'limits/no-memory-limit'])
    expect(await rules(bare, at('limits.yml'))).toEqual([])
    expect(await rules(bare, at('profile.yml'))).toEqual(['limits/behind-a-profile'])
  })

  it('has the variables of its env files, at their lines', async () => {
    writeFileSync(at('shop.env'), '# ours\nLEVEL=info\nDB_PASSWORD=hunter2\n')
    const text = good.replace(
      '    networks: [backend]\n',
      '    networks: [backend]\n    env_file: ./shop.env\n',
    )
    writeFileSync(at('env.yml'), text)
    const [finding] = await found(at('env.yml'))
    expect(finding).toMatchObject({ rule: 'secret/in-environment', line: 3 })
    expect(finding?.file).toContain('shop.env')
  })

  it('is checked with the values that its variables get', async () => {
    writeFileSync(at('variable.yml'), good.replace("'1000:1000'", `${'$'}{SHOP_USER:-1000}`))
    writeFileSync(at('values.env'), 'SHOP_USER=root\n')
    expect(await found(at('variable.yml'))).toEqual([])
    expect(await found(at('variable.yml'), '--env-file', at('values.env'))).toMatchObject([
      { rule: 'root/user' },
    ])
  })
})

describe('tenantry compliance rules', () => {
  it('lists them, tells one, and guesses what was meant', async () => {
    expect((await compliance('rules')).out()).toContain('host/docker-socket')
    expect((await compliance('rules', 'root/user')).out()).toMatch(/Why: [\s\S]*How to fix it: /)
    expect(JSON.parse((await compliance('rules', '--json')).out()).length).toBeGreaterThan(50)
    await expect(compliance('rules', 'root/usr')).rejects.toMatchObject({
      hint: expect.stringContaining('root/user'),
    })
  })
})

function inDays(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)
}
