#!/usr/bin/env node
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import './short-run.mjs'
import { ensureBundle, root } from './bundle.mjs'
import { runBundle } from './run-bundle.mjs'

/** Exit code of a fault. Source: design §10. */
const faultExitCode = 3

/** Sources that do not fit together: esbuild has said where. @param {Error} error @returns {undefined} */
const refuse = (error) => {
  process.stderr.write(`tenantry: its sources cannot be bundled. ${error.message}\n`)
  process.exitCode = faultExitCode
  return undefined
}

if (existsSync(join(root, 'node_modules', 'esbuild'))) {
  const bundle = await ensureBundle('cli/main').catch(refuse)
  if (bundle !== undefined) {
    const { exports, keep } = runBundle(bundle)
    process.exitCode = await exports.main(process.argv.slice(2), ensureBundle)
    keep()
  }
} else {
  process.stderr.write(`tenantry: its packages are not installed. Run \`npm ci\` in ${root} first.\n`)
  process.exitCode = faultExitCode
}
