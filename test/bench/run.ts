import { benchAffected } from './affected-bench.ts'
import { benchCompile } from './compile-bench.ts'
import { benchCompliance } from './compliance-bench.ts'
import { benchIdle } from './idle-bench.ts'
import { benchImage } from './image-bench.ts'
import { benchNodePause } from './node-pause-bench.ts'
import { benchNodeWatch } from './node-watch-bench.ts'
import { benchPreview } from './preview-bench.ts'
import { benchPullRequest } from './pull-request-bench.ts'
import { benchValve } from './valve-bench.ts'
import { benchWatch } from './watch-bench.ts'

await benchCompile()
await benchIdle()
benchAffected()
await benchValve()
benchWatch()
await benchNodeWatch()
await benchNodePause()
await benchImage()
await benchCompliance()
await benchPreview()
await benchPullRequest()
