import type { GivenProgram } from '../engine/engine-attempt.ts'
import { sdk } from '../engine/language/sdk.ts'
import type { StackState } from '../model/desired-state.ts'

/** The program of a stack in this process, which a plain `pulumi` runs as src/program.ts; loaded when one is run first. */
export const inlineProgram = async (given: GivenProgram): Promise<void> => {
  const { runStackProgram } = await import('../stack-program.ts')
  await runStackProgram(given)
}

/** The same, of a state that no file holds yet. */
export const programOf =
  (state: StackState) =>
  async (given: GivenProgram): Promise<void> => {
    const { runStackProgram } = await import('../stack-program.ts')
    await runStackProgram({ ...given, state })
  }

/** Loads what programs run on, a tenth of a second, for whoever has nothing else to do just then. Never throws. */
export const loadPrograms = async (): Promise<void> => {
  try {
    sdk()
    await import('../stack-program.ts')
  } catch {
    // Told by the first program that is run.
  }
}
