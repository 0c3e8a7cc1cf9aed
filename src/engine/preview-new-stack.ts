import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { attempt, callOf, makeStack, resultOf, type StackRun } from './engine-attempt.ts'
import type { StackResult } from './stack-result.ts'
import { forgetSalt } from './stack-settings.ts'

const inBackEnd = (run: StackRun, folder: string): StackRun => ({
  ...run,
  environment: { ...run.environment, PULUMI_BACKEND_URL: `file://${folder}` },
})

const makeAndPreview = async (run: StackRun, options: readonly string[]): Promise<StackResult> => {
  const made = await makeStack(run, 'preview')
  return made.outcome === 'succeeded' ? resultOf(await attempt(run, 'preview', options)) : made
}

/**
 * Previews a stack that nobody has made yet, in an empty back end that goes with the preview: whoever looks need not be able to
 * write to the state, and a change that is never applied leaves nothing there.
 */
export const previewNewStack = async (run: StackRun, options: readonly string[]): Promise<StackResult> => {
  const folder = await mkdtemp(join(tmpdir(), 'tenantry-preview-'))
  try {
    return await makeAndPreview(inBackEnd(run, folder), options)
  } finally {
    await rm(folder, { recursive: true, force: true })
    // Made for a state that is gone.
    await forgetSalt(callOf(run).project, run.stack)
  }
}
