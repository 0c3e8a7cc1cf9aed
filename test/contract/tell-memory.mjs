// Loaded into a process by --import: when it ends it writes what it held at most, in KiB, as the kernel counts it.
import { readFileSync, writeFileSync } from 'node:fs'

const file = process.env.TENANTRY_TEST_MEMORY_FILE
const own = process.pid
if (file !== undefined)
  process.on('exit', () => {
    // A worker or a child that has the option too is not the one that is measured.
    if (process.pid !== own) return
    const [, kibibytes = ''] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
    writeFileSync(file, kibibytes)
  })
