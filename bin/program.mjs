import { pathToFileURL } from 'node:url'
import { ensureBundle } from './bundle.mjs'

await import(pathToFileURL(await ensureBundle('program')).href)
