// The yardstick: the same tenants as YAML files, read and parsed and nothing more, in a process of its own.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

const [folder = ''] = process.argv.slice(2)
const started = performance.now()
let files = 0
for (const name of readdirSync(folder)) {
  parse(readFileSync(join(folder, name), 'utf8'))
  files += 1
}
process.stdout.write(JSON.stringify({ seconds: (performance.now() - started) / 1000, files }))
