/** A path as the unpacked image has it: without leading slash, without `.` and `..`; the root is empty. */
export type ImagePath = string

/** Longest path of Linux. Source: limits.h, PATH_MAX. */
const longestPath = 4096

/**
 * The path an entry is unpacked to; undefined where it leads out of the image, or is longer than any path may be.
 * Source: Go's `filepath.Clean` and the engine's check against breaking out. Never throws.
 */
export const entryPath = (name: string): ImagePath | undefined => {
  if (name.length > longestPath) return undefined
  const parts: string[] = []
  for (const part of name.split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') parts.push(part)
    else if (parts.pop() === undefined) return undefined
  }
  return parts.join('/')
}

/** As people read it: `/usr/bin/sudo`. */
export const shownPath = (path: ImagePath): string => `/${path}`

export const baseName = (path: ImagePath): string => path.slice(path.lastIndexOf('/') + 1)

/** Empty for what stands in the root. */
export const folderOf = (path: ImagePath): ImagePath => path.slice(0, Math.max(0, path.lastIndexOf('/')))

export const joined = (folder: ImagePath, name: string): ImagePath =>
  folder === '' ? name : `${folder}/${name}`

/** The folders a path stands in, outermost first, without the root and the path itself. */
export const foldersAbove = (path: ImagePath): ImagePath[] => {
  const folders: ImagePath[] = []
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) folders.push(path.slice(0, at))
  return folders
}
