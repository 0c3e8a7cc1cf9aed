import { describe, expect, it } from 'vitest'
import { findDockerd } from '../../../src/lab/docker/dockerd.ts'

describe('a machine', () => {
  it('without Linux, or without root, is told why it has no Docker Engine', async () => {
    expect(await findDockerd({ platform: 'darwin' })).toEqual({
      tools: undefined,
      reason: 'dockerd runs on Linux only, and this is darwin',
    })
    expect(await findDockerd({ platform: 'linux', userId: 1000 })).toEqual({
      tools: undefined,
      reason: 'dockerd needs root, and this process is not',
    })
    expect(await findDockerd({ platform: 'linux', userId: undefined })).toMatchObject({ tools: undefined })
  })
})
