import { ensureInstalled, root, run } from './setup.mjs'

await ensureInstalled()
process.exitCode = await run(process.execPath, [
  `${root}/bin/tenantry.mjs`,
  'lab',
  'run',
  ...process.argv.slice(2),
])
