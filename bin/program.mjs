import { pathToFileURL } from 'node:url'
import { ensureBundle } from './bundle.mjs'

// The SDK takes a stack trace at every resource and promise, and the language host's hook looks each frame up in source
// maps: a tenth of a second a run for traces that nobody reads. The bundle is readable as it is.
Error.prepareStackTrace = undefined

await import(pathToFileURL(await ensureBundle('program')).href)
