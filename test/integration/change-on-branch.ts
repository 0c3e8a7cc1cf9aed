import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, vi } from 'vitest'
import { repositoryAt, type TemporaryRepository } from '../git/temporary-repository.ts'
import { failuresOf, type LabSession } from './lab-session.ts'

/** Applies `insurance` on nonprod as `main` has it; then its file changes on a branch. */
export const changeOnBranch = async (
  session: LabSession,
  edit: (text: string) => string,
): Promise<TemporaryRepository> => {
  const repository = repositoryAt(session.files)
  writeFileSync(join(session.files, '.gitignore'), '*\n!tenants/\n!tenants/*\n!stacks/\n!stacks/*.ts\n')
  repository.git('init', '--quiet', '--initial-branch=main')
  repository.commit({})
  const stacks = (await session.stacks(['insurance'])).filter(({ cluster }) => cluster === 'nonprod')
  expect(failuresOf((await session.run('up', stacks)).results)).toEqual([])
  const file = 'tenants/insurance.ts'
  const text = readFileSync(join(session.files, file), 'utf8')
  const changed = edit(text)
  expect(changed).not.toBe(text)
  repository.git('switch', '--quiet', '--create', 'change')
  repository.commit({ [file]: changed })
  return repository
}

/** For commands that run in this process; `vi.unstubAllEnvs` takes it back. */
export const stubEnvironment = ({ environment }: LabSession): void => {
  for (const [name, value] of Object.entries(environment))
    if (process.env[name] !== value) vi.stubEnv(name, value)
}
