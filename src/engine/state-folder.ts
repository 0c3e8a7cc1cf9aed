import { homedir } from 'node:os'
import type { Environment } from './cache.ts'

/** The folder of a file back end; undefined for every other back end. Pure. */
export const stateFolder = ({ PULUMI_BACKEND_URL: url = '' }: Environment): string | undefined =>
  url.startsWith('file://')
    ? url
        .slice('file://'.length)
        .replace(/\?.*$/, '')
        .replace(/^~(?=\/|$)/, homedir())
    : undefined
