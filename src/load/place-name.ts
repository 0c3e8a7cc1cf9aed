import type { Loaded } from '../core/loaded.ts'

/** A place in a file, as another file's message names it: `tenants/acme.ts:12`. Never throws. */
export const placeName = (file: Loaded<unknown>, path: readonly (string | number)[]): string =>
  `${file.file}:${file.locate(path).line}`
