import { pathToFileURL } from 'node:url'
import { ensureBundle } from '../../bin/bundle.mjs'

await import(pathToFileURL(await ensureBundle('ucp-plugin')).href)
