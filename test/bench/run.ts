import { benchAffected } from './affected-bench.ts'
import { benchCompile } from './compile-bench.ts'
import { benchIdle } from './idle-bench.ts'
import { benchPreview } from './preview-bench.ts'
import { benchPullRequest } from './pull-request-bench.ts'
import { benchValve } from './valve-bench.ts'

await benchCompile()
await benchIdle()
benchAffected()
await benchValve()
await benchPreview()
await benchPullRequest()
