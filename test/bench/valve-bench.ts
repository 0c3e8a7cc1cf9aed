import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { appliedFolder, recordApplied } from '../../src/cli/applied.ts'
import { selectStacks } from '../../src/cli/select.ts'
import { checkoutRoot } from '../../src/engine/checkout.ts'
import { loadFleet } from '../../src/load/load-fleet.ts'
import { generateFleet } from '../fixtures/generate-fleet.ts'
import { median } from './median.ts'

const tenants = 1500
const times = 3

/** A fleet that is applied as it is, and of which every tenant's file is then lost. */
const loseFleet = async (root: string, environment: NodeJS.ProcessEnv): Promise<void> => {
  for (const typed of generateFleet(tenants)) {
    mkdirSync(dirname(join(root, typed.file)), { recursive: true })
    writeFileSync(join(root, typed.file), typed.text)
  }
  const folder = appliedFolder(environment)
  const fleet = await loadFleet(root)
  if (folder === undefined || !fleet.ok) throw new Error('the generated fleet is wrong')
  for (const state of selectStacks(fleet.value, { organizations: [], clusters: [] }))
    await recordApplied(folder, state)
  for (const file of readdirSync(join(root, 'tenants'))) rmSync(join(root, 'tenants', file))
}

interface Refusal {
  readonly issues: readonly { readonly code: string; readonly message: string }[]
}

/** Exit code and output of one run; not held up, so that a server in this process could answer it. */
const up = async (root: string, env: NodeJS.ProcessEnv): Promise<readonly [number | null, string]> => {
  const line = [join(checkoutRoot(), 'bin', 'tenantry.mjs'), '--root', root, 'up', '--json']
  const child = spawn(process.execPath, line, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const output = text(child.stdout)
  const [code] = (await once(child, 'close')) as [number | null]
  return [code, await output]
}

/** Seconds of one run, which must have been refused with the number of tenants that are gone. */
const timed = async (root: string, environment: NodeJS.ProcessEnv): Promise<number> => {
  const started = performance.now()
  const [code, output] = await up(root, environment)
  const seconds = (performance.now() - started) / 1000
  if (code !== 1) throw new Error(`exit code ${code}: ${output}`)
  const { issues } = JSON.parse(output) as Refusal
  const gone = issues.find((issue) => issue.code === 'valve/tenant-gone')
  if (gone?.message.startsWith(`${tenants} of ${tenants} tenants`) !== true)
    throw new Error(`not refused for what is gone: ${output}`)
  return seconds
}

/** Every system of both clusters at one address, with credentials that would be taken there. */
const connectionsTo = (root: string, host: string): string => {
  const secret = join(root, 'secret')
  writeFileSync(secret, 'secret\n')
  const endpoint = `http://${host}`
  const connection = {
    ucp: { endpoint, username: 'platform', passwordFile: secret },
    docker: { host: `tcp://${host}`, caFile: secret, certFile: secret, keyFile: secret },
    registry: { endpoint, username: 'platform', tokenFile: secret },
    vault: { address: endpoint, tokenFile: secret },
    vcenter: { server: host, user: 'platform', passwordFile: secret },
  }
  const file = join(root, 'connections.json')
  writeFileSync(file, JSON.stringify({ clusters: { nonprod: connection, prod: connection } }))
  return file
}

/** `tenantry up` over an emptied folder: refused, and no system hears of it. */
export const benchValve = async (): Promise<void> => {
  const root = mkdtempSync(join(tmpdir(), 'tenantry-bench-'))
  let calls = 0
  const server = createServer((socket) => {
    calls += 1
    socket.destroy()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const { port } = server.address() as AddressInfo
    const environment = {
      ...process.env,
      PULUMI_BACKEND_URL: `file://${join(root, 'state')}`,
      TENANTRY_CONNECTIONS: connectionsTo(root, `127.0.0.1:${port}`),
    }
    await loseFleet(root, environment)
    const seconds: number[] = []
    for (let run = 0; run < times; run += 1) seconds.push(await timed(root, environment))
    if (calls > 0) throw new Error(`${calls} calls were made`)
    console.log(
      `tenantry up, emptied folder: ${tenants} of ${tenants} tenants gone: refused in ${median(seconds).toFixed(2)} s without a call (median of ${times})`,
    )
  } finally {
    server.close()
    rmSync(root, { recursive: true, force: true })
  }
}
