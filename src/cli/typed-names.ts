import { fileKinds } from '../load/file-kind.ts'

/** Folders and files of a checkout that hold what tenants and the platform ask for, relative to it. */
export const typedNames: readonly string[] = Object.values(fileKinds).flatMap(({ folder, file }) =>
  [folder, file].filter((name) => name !== undefined),
)
