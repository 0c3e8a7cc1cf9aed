import { pathToFileURL } from 'node:url'
import './short-run.mjs'
import { ensureBundle } from './bundle.mjs'

// The SDK takes a stack trace at every resource and promise, and the language host's hook looks each frame up in source
// maps: a tenth of a second a run for traces that nobody reads. An error still says where it was thrown.
Error.prepareStackTrace = undefined
Error.stackTraceLimit = process.env.TENANTRY_TRACE === '1' ? 50 : 1

await import(pathToFileURL(await ensureBundle('program')).href)
