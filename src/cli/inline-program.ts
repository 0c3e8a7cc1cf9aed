import type { GivenProgram } from '../engine/engine-attempt.ts'
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
