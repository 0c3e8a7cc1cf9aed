import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkoutRoot } from '../../src/engine/checkout.ts'

const shipped = join(checkoutRoot(), 'deploy', 'watch')
const units = (await readdir(shipped)).filter((name) => name.endsWith('.service'))

interface Ended {
  readonly code: number
  readonly text: string
}

const run = (program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> =>
  new Promise((resolve) => {
    const options = { env: { ...process.env, ...env }, timeout: 60_000 }
    execFile(program, [...args], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1) || -1, text: `${stdout}${stderr}` })
    })
  })

const has = async (program: string, what: string): Promise<boolean> => {
  if ((await run(program, ['--version'])).code === 0) return true
  console.log(`skipped: ${what} (${program} was not found)`)
  return false
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-watch-deploy-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** What systemd says of a unit; nothing where it takes every line. It says so of an unknown line and goes on. */
const complaints = async (
  name: string,
  change: (text: string) => string = (text) => text,
): Promise<string> => {
  const text = change(await readFile(join(shipped, name), 'utf8'))
  // Node may stand elsewhere on the machine that checks.
  const checked = text.replace(/^ExecStart=\S+/m, `ExecStart=${process.execPath}`)
  expect(checked).toContain(process.execPath)
  await writeFile(join(folder, name), checked)
  const { code, text: said } = await run('systemd-analyze', ['verify', '--man=no', join(folder, name)])
  const lines = said.split('\n').filter((line) => line.includes(name))
  return code === 0 ? lines.join('\n') : said
}

describe.runIf(await has('systemd-analyze', 'the shipped units before systemd'))('a shipped unit', () => {
  test.each(units)('%s is one that systemd takes, line by line', async (name) => {
    expect(await complaints(name)).toBe('')
  })

  test.each([
    ['a key that is none', 'Restart=always', 'Restrat=always'],
    ['a value that is none', 'Type=simple', 'Type=simpel'],
  ])('is not with %s', async (_what, good, bad) => {
    const [name = ''] = units
    expect(await complaints(name, (text) => text.replace(good, bad))).not.toBe('')
  })
})

describe.runIf(await has('docker', 'the shipped stack before the docker command'))(
  'the shipped stack',
  () => {
    const environment = () => ({
      OFFER: 'std',
      ACCOUNT: 'svc-watch-std',
      CLUSTER: 'nonprod',
      COLLECTION: '/Run/Std',
      IMAGE: 'registry.nonprod.bank.example/platform/tenantry:0.1.0',
      UCP_CA_FILE: join(folder, 'ca.pem'),
    })
    const config = (env: NodeJS.ProcessEnv) =>
      run('docker', ['stack', 'config', '--compose-file', join(shipped, 'stack.yml')], env)

    test('is one that docker takes, and says what it lacks', async () => {
      await writeFile(join(folder, 'ca.pem'), 'an authority')
      const taken = await config(environment())
      expect(taken, taken.text).toMatchObject({ code: 0 })
      expect(taken.text).toContain('node.labels.com.docker.ucp.access.label == /Run/Std')
      for (const name of ['ACCOUNT', 'CLUSTER', 'COLLECTION', 'IMAGE']) {
        const lacking = await config({ ...environment(), [name]: '' })
        expect(lacking.code, name).not.toBe(0)
      }
    })
  },
)
