import type { Checked } from '../core/issue.ts'

/** That a job lacks what its forge sets. */
export const incomplete = (what: string): Checked<never> => ({
  ok: false,
  issues: [
    {
      code: 'ci/incomplete-environment',
      message: `This looks like a job of a forge, but it lacks ${what}.`,
      hint: 'Run it as a step of the job itself, with its variables; or without GITHUB_ACTIONS and GITLAB_CI, and `--base REF`.',
    },
  ],
})
