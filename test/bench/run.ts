import { benchAffected } from './affected-bench.ts'
import { benchCompile } from './compile-bench.ts'
import { benchIdle } from './idle-bench.ts'
import { benchPreview } from './preview-bench.ts'

await benchCompile()
await benchIdle()
benchAffected()
await benchPreview()
