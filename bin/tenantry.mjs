#!/usr/bin/env node
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import './short-run.mjs'
import { ensureBundle, root } from './bundle.mjs'
import { runBundle } from './run-bundle.mjs'

/** Exit code of a fault. Source: design §10. */
const faultExitCode = 3

/** Whether a line runs the node watcher, which stays on every host and gets a bundle of its own. @param {string[]} argv */
const isNodeWatcher = (argv) => {
  const at = argv.indexOf('watch')
  const isOption = (/** @type {string} */ one, /** @type {number} */ index) =>
    one.startsWith('--root') || argv[index - 1] === '--root'
  return at >= 0 && argv[at + 1] === 'node' && argv.slice(0, at).every(isOption)
}

/** Sources that do not fit together: esbuild has said where. @param {Error} error @returns {undefined} */
const refuse = (error) => {
  process.stderr.write(`tenantry: its sources cannot be bundled. ${error.message}\n`)
  process.exitCode = faultExitCode
  return undefined
}

if (existsSync(join(root, 'node_modules', 'esbuild'))) {
  const entry = isNodeWatcher(process.argv.slice(2)) ? 'cli/node-watcher-main' : 'cli/main'
  const bundle = await ensureBundle(entry).catch(refuse)
  if (bundle !== undefined) {
    const { exports, keep } = runBundle(bundle)
    process.exitCode = await exports.main(process.argv.slice(2), ensureBundle)
    keep()
  }
} else {
  process.stderr.write(`tenantry: its packages are not installed. Run \`npm ci\` in ${root} first.\n`)
  process.exitCode = faultExitCode
}
