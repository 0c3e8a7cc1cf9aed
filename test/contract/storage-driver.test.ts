import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type StorageDrivers, startStorageDrivers } from '../../src/lab/docker/storage-driver.ts'

let folder: string
let drivers: StorageDrivers

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-storage-'))
  drivers = await startStorageDrivers({
    ...{ names: ['netapp:latest'], sockets: join(folder, 'plugins'), folder: join(folder, 'data') },
  })
})

afterEach(async () => {
  await drivers.stop()
  await rm(folder, { recursive: true, force: true })
})

const call = (path: string, body: object): Promise<{ connection: string | undefined; text: string }> =>
  new Promise((resolve, reject) => {
    const socketPath = join(folder, 'plugins', 'netapp:latest.sock')
    const headers = { connection: 'keep-alive' }
    const sent = request({ socketPath, path, method: 'POST', headers, agent: false }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString()
      })
      response.on('end', () => resolve({ connection: response.headers.connection, text }))
    })
    sent.on('error', reject)
    sent.end(JSON.stringify(body))
  })

it.each([
  ['an answer', '/VolumeDriver.Get', { Name: 'ledger' }],
  ['a failure', '/VolumeDriver.Get', { Name: 'none' }],
  ['a call that it does not know', '/VolumeDriver.None', {}],
])('keeps no connection after %s, on which an engine’s next call could be lost', async (_, path, body) => {
  await call('/VolumeDriver.Create', { Name: 'ledger' })
  expect((await call(path, body)).connection).toBe('close')
})

it('has the volumes that were made', async () => {
  await call('/VolumeDriver.Create', { Name: 'ledger', Opts: { size: '1GiB' } })
  expect(JSON.parse((await call('/VolumeDriver.Get', { Name: 'ledger' })).text)).toMatchObject({
    Volume: { Name: 'ledger', Status: { options: { size: '1GiB' } } },
    Err: '',
  })
  expect((await call('/VolumeDriver.Get', { Name: 'none' })).text).toContain('no such volume: none')
})
