import { createRequire } from 'node:module'
import { afterEach, expect, test, vi } from 'vitest'
import { muteDebug } from '../../src/deploy/mute-debug.ts'

const sdk = createRequire(import.meta.url)
const log = sdk('@pulumi/pulumi/log') as Record<'debug' | 'warn', (message: string) => Promise<void>>
const settings = sdk('@pulumi/pulumi/runtime/settings') as { getEngine: () => object | undefined }
const kept = { debug: log.debug, getEngine: settings.getEngine }

afterEach(() => {
  log.debug = kept.debug
  settings.getEngine = kept.getEngine
})

test('debug lines of the SDK do not reach the engine any more, and warnings do', async () => {
  const sent = vi.fn((_: object, answer: () => void) => answer())
  settings.getEngine = () => ({ log: sent })
  await log.debug('before')
  expect(sent).toHaveBeenCalledTimes(1)
  muteDebug()
  await log.debug('after')
  expect(sent).toHaveBeenCalledTimes(1)
  await log.warn('told')
  expect(sent).toHaveBeenCalledTimes(2)
})
