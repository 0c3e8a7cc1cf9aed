// Installs or builds the real parts the tests and the lab can use; idempotent, cached outside the checkout.
import { ensureInstalled, run } from './setup.mjs'

await ensureInstalled()
process.exitCode = await run('npx', [
  '--no-install',
  'tsx',
  'scripts/setup-real.ts',
  ...process.argv.slice(2),
])
