import { expect, test } from 'vitest'
import { isFault } from '../../src/core/fault.ts'
import type { DockerdTools, FoundDockerd } from '../../src/lab/docker/dockerd.ts'
import { chooseDocker } from '../../src/lab/lab-docker.ts'

const tools = { version: '20.10.24' } as DockerdTools
const there = async (): Promise<FoundDockerd> => ({ tools })
const missing = async (): Promise<FoundDockerd> => ({
  tools: undefined,
  reason: 'dockerd needs root, and this process is not',
})
const neverAsked = (): Promise<FoundDockerd> => Promise.reject(new Error('asked'))

test('the engine in memory needs nothing of the machine', async () => {
  expect(await chooseDocker('memory', neverAsked)).toEqual({})
})

test('a real one that can be run is taken', async () => {
  for (const choice of ['found', 'real'] as const)
    expect(await chooseDocker(choice, there)).toEqual({ tools })
})

test('without one the lab says why, or refuses where it was demanded', async () => {
  expect(await chooseDocker('found', missing)).toEqual({
    reason: 'dockerd needs root, and this process is not',
  })
  await expect(chooseDocker('real', missing)).rejects.toSatisfy(
    (error) => isFault(error, 'missing-tool') && /needs root/.test(error.message),
  )
})
