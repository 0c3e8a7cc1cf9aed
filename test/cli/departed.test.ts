import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { addDeparted, forgetDeparted, keepDeparted, readDeparted } from '../../src/cli/departed.ts'
import type { StackState } from '../../src/model/desired-state.ts'
import { resource, result } from './stack-results.ts'

const stack = 'nonprod.acme'
const active: StackState = { stack, cluster: 'nonprod', organization: 'acme', resources: [] }
const archived: StackState = { ...active, lifecycle: 'archived' }

let folder: string
let environment: NodeJS.ProcessEnv
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-departed-'))
  environment = { PULUMI_BACKEND_URL: `file://${folder}` }
})
afterEach(() => rm(folder, { recursive: true }))

const up = (name: string, more: object = {}) =>
  result([resource('access', name, 'delete')], { operation: 'up', ...more })
const names = () => readDeparted(environment, stack).map(({ name }) => name)

describe('what goes of a tenant when it is archived', () => {
  it('is kept from every run, also one that failed, until the tenant has gone', async () => {
    await keepDeparted(environment, archived, up('team/a', { outcome: 'failed' }))
    await keepDeparted(environment, archived, up('team/b'))
    await keepDeparted(environment, archived, result([], { operation: 'up' }))
    expect(readDeparted(environment, stack)).toEqual([
      { stack, type: 'x:index:Y', name: 'team/a' },
      { stack, type: 'x:index:Y', name: 'team/b' },
    ])
    await forgetDeparted(environment, stack)
    expect(names()).toEqual([])
  })

  it('is neither what a preview would remove nor what failed to go', async () => {
    await keepDeparted(environment, archived, up('team/a', { operation: 'preview' }))
    const failed = result([resource('access', 'team/b', 'delete', { failed: true })], { operation: 'up' })
    await keepDeparted(environment, archived, failed)
    expect(names()).toEqual([])
  })

  it('is forgotten once the tenant is at work again', async () => {
    await keepDeparted(environment, archived, up('team/a'))
    await keepDeparted(environment, active, up('team/b'))
    expect(names()).toEqual([])
  })

  it('is kept by stack', async () => {
    await addDeparted(environment, [
      { stack, type: 't', name: 'a' },
      { stack: 'prod.acme', type: 't', name: 'b' },
    ])
    expect(names()).toEqual(['a'])
  })

  it('is nothing where it cannot be read, and on other back ends', async () => {
    await keepDeparted(environment, archived, up('team/a'))
    await writeFile(join(folder, '.tenantry', 'departed', `${stack}.json`), '{"cut')
    expect(names()).toEqual([])
    const other = { PULUMI_BACKEND_URL: 's3://states' }
    await keepDeparted(other, archived, up('team/a'))
    expect(readDeparted(other, stack)).toEqual([])
  })
})
