import { defineConfig } from 'vitest/config'

/** Milliseconds. A whole round of kills takes an hour of a calm machine, and several of a busy one; nothing but a hang takes this. */
const wholeMatrix = 6 * 3_600_000

/** A bound for what hangs, not a time that is asserted. */
const patience = { poll: { timeout: 30_000 } }

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [
            'test/contract/**',
            'test/integration/**',
            'test/faults/matrix/**',
            'test/faults/model-*',
            'test/bench/**',
          ],
          setupFiles: ['test/fixed-seed.ts', 'test/no-network.ts'],
          // Nobody is to be late on a busy machine.
          testTimeout: 60_000,
          expect: patience,
        },
      },
      {
        test: {
          name: 'contract',
          include: ['test/contract/**/*.test.ts'],
          setupFiles: ['test/fixed-seed.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          expect: patience,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 600_000,
          expect: patience,
          hookTimeout: 1_200_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'model',
          include: ['test/faults/model-*.test.ts'],
          testTimeout: wholeMatrix,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'faults',
          include: ['test/faults/matrix/**/*.test.ts'],
          testTimeout: wholeMatrix,
          hookTimeout: 1_200_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
