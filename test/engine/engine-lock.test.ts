import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isFault } from '../../src/core/fault.ts'
import { takeEngineLock } from '../../src/engine/engine-lock.ts'
import { deadPid } from './dead-process.ts'

const stack = 'nonprod.acme'
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-lock-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const place = () => ({ folder, project: 'tenantry', stack })
const locks = () => join(folder, '.pulumi', 'locks', 'organization', 'tenantry', stack)

const lock = async (name: string, content: object): Promise<void> => {
  await mkdir(locks(), { recursive: true })
  const whole = { pid: process.pid, username: 'eva', hostname: hostname(), timestamp: new Date(), ...content }
  await writeFile(join(locks(), `${name}.json`), JSON.stringify(whole))
  await writeFile(join(locks(), `${name}.json.attrs`), '{}')
}

const refusal = async (): Promise<string> => {
  const error = await takeEngineLock(place(), 7).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!isFault(error, 'conflict')) throw new Error(`no conflict: ${String(error)}`)
  return `${error.message} ${error.details.hint}`
}

describe('takeEngineLock', () => {
  test('stands where the engine looks, until it is released', async () => {
    const { release } = await takeEngineLock(place(), 7)
    expect(await readdir(locks())).toEqual(['tenantry.7.json'])
    await release()
    expect(await readdir(locks())).toEqual([])
  })

  test('removes those of dead engines, of numbers that others got since, and of runs whose lease is over', async () => {
    await lock('dead', { pid: await deadPid() })
    await lock('reused', { timestamp: new Date(0) })
    await lock('tenantry.6', {})
    await lock('tenantry.5', { hostname: 'elsewhere' })
    await (await takeEngineLock(place(), 7)).release()
    expect(await readdir(locks())).toEqual([])
  })

  test('leaves one of a living engine alone and tells who holds it', async () => {
    await lock('live', {})
    await lock('dead', { pid: await deadPid() })
    const said = await refusal()
    expect(said).toContain(`an engine of eva@${hostname()} (pid ${process.pid}`)
    expect(said).not.toContain('pulumi cancel')
    expect(await readdir(locks())).toEqual(['live.json', 'live.json.attrs'])
  })

  test('leaves one of another machine’s engine alone and tells the way out', async () => {
    await lock('live', { hostname: 'elsewhere' })
    const said = await refusal()
    expect(said).toContain('eva@elsewhere')
    expect(said).toContain(`\`pulumi cancel --stack ${stack}\``)
    expect(await readdir(locks())).toEqual(['live.json', 'live.json.attrs'])
  })
})
