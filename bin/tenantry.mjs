#!/usr/bin/env node
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import './short-run.mjs'
import { ensureBundle, root } from './bundle.mjs'

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
    const { main } = await import(pathToFileURL(bundle).href)
    process.exitCode = await main(process.argv.slice(2))
  }
} else {
  process.stderr.write(`tenantry: its packages are not installed. Run \`npm ci\` in ${root} first.\n`)
  process.exitCode = faultExitCode
}
