import { runtime } from '@pulumi/pulumi'
import type {} from '@pulumi/pulumi/runtime/state.js'
import type { Connected } from '../../../src/deploy/connected.ts'
import { deployStack } from '../../../src/deploy/deploy-stack.ts'
import type { StackState } from '../../../src/model/desired-state.ts'
import type { Monitor } from './monitor.ts'

export interface ProgramOptions {
  readonly state: StackState
  readonly connected: Connected
  readonly isPreview: boolean
}

/** What the engine of 3.245.0 supports. The SDK asks it at the start; in mock mode it does not. */
const supportEverything = (): void => {
  const store = globalThis.globalStore
  Object.assign(store, {
    supportsSecrets: true,
    supportsResourceReferences: true,
    supportsOutputValues: true,
    supportsDeletedWith: true,
    supportsReplaceWith: true,
    supportsAliasSpecs: true,
    supportsTransforms: false,
    supportsParameterization: true,
  })
}

/** As the language host: a promise that nobody handles ends the program. Gives what puts back who listened before. */
const onUnhandled = (fail: (reason: unknown) => void): (() => void) => {
  const before = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', fail)
  return () => {
    process.removeAllListeners('unhandledRejection')
    for (const listener of before) process.on('unhandledRejection', listener)
  }
}

/**
 * Runs the real program of a stack against a monitor, in this process; one at a time. Ends early when `over` resolves: what
 * the program still waits for is never answered.
 *
 * @throws what the program throws or leaves unhandled.
 */
export const runProgram = async (
  monitor: Monitor,
  { state, connected, isPreview }: ProgramOptions,
  over: Promise<void>,
): Promise<void> => {
  runtime.setMockOptions(monitor, 'tenantry', state.stack, isPreview, 'organization')
  supportEverything()
  let restore: () => void = () => undefined
  const failed = new Promise<never>((_, reject) => {
    restore = onUnhandled(reject)
  })
  const program = runtime
    .runInPulumiStack(async () => {
      await deployStack({ state, connected: () => connected })
    })
    .then(() => runtime.disconnect())
  program.catch(() => undefined)
  try {
    await Promise.race([program, failed, over])
    // Rejections are reported once the microtasks are done.
    await Promise.race([new Promise((resolve) => setImmediate(resolve)), failed])
  } finally {
    restore()
  }
}
