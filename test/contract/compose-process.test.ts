import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { root as checkout } from '../../bin/bundle.mjs'
import { readStack } from '../../src/cli/compliance/read-stack.ts'
import type { Issue } from '../../src/core/issue.ts'

const folder = mkdtempSync(join(tmpdir(), 'tenantry-compose-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

const tenantry = (...args: string[]): Promise<Ended> =>
  new Promise((done) => {
    const child = execFile(
      process.execPath,
      [join(checkout, 'bin/tenantry.mjs'), '--root', checkout, ...args],
      { cwd: checkout, env: { ...process.env, NO_COLOR: '1' }, maxBuffer: 1e8 },
      (_, out, err) => done({ code: child.exitCode ?? -1, out, err }),
    )
  })

const where = ['--tenant', 'retail-banking', '--cluster', 'prod']
const corpus = (name: string): string => join('test/corpus/compose/web', name)

// The rest of the tests run from the sources: what a person starts is a bundle, which has the schemas compiled into it.
describe('the command as a process', () => {
  test('merges as the sources do', async () => {
    const output = join(folder, 'web.yml')
    const merged = await tenantry('compose', 'merge', corpus('dev.yml'), corpus('ops.yml'), ...where)
    expect(merged).toMatchObject({
      code: 0,
      err: expect.stringMatching(
        /^\S+\/web\/dev\.yml:\d+:\d+ compose\/one-nodes-network .*\n1 warning\.\n$/s,
      ),
    })
    const withoutRemarks = (text: string): string => text.replaceAll(/\s*#.*$/gm, '').trim()
    expect(withoutRemarks(merged.out)).toBe(withoutRemarks(readFileSync(corpus('stack.yml'), 'utf8')))
    expect(await tenantry('compose', 'merge', corpus('dev.yml'), ...where, '--output', output)).toMatchObject(
      {
        code: 0,
      },
    )
    expect(readFileSync(output, 'utf8')).toContain('services:')
  })

  const broken = [
    ['an unknown field', 'services: {a: {image: a, imge: b}}'],
    ['a wrong type', 'services: {a: {image: [a]}}'],
    ['a wrong choice', 'services: {a: {image: a, deploy: {update_config: {order: sometimes}}}}'],
    ['several at once', 'services: {a: {image: a, deploy: {x: 1, replicas: {}}}, b: {image: a, ports: 1}}'],
    ['an unknown part', 'servces: {a: {image: a}}'],
  ] as const

  test.each(broken)('says of %s what the sources say', async (name, text) => {
    const file = join(folder, `${name.replaceAll(' ', '-')}.yml`)
    writeFileSync(file, text)
    const expected = readStack([file], { envFiles: [], environment: {} })
    const { code, out } = await tenantry(
      'compliance',
      'check',
      file,
      ...where,
      '--static',
      '--format',
      'json',
    )
    const { issues } = JSON.parse(out) as { readonly issues: readonly Issue[] }
    expect(issues.length).toBeGreaterThan(0)
    expect({ ok: false, issues }).toEqual(expected)
    expect(code).toBe(1)
  })
  test('holds what it writes against the schema of the swarm', async () => {
    const file = join(folder, 'late.yml')
    writeFileSync(file, 'services:\n  a:\n    image: a\n    healthcheck: {interval: soon}\n')
    const { code, out } = await tenantry('compose', 'merge', file, ...where, '--json')
    const { issues } = JSON.parse(out) as { readonly issues: readonly Issue[] }
    expect(issues).toMatchObject([{ code: 'compose/wrong-value', source: { file, line: 4 } }])
    expect(code).toBe(1)
  })
})
