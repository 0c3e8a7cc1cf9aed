import { getStack } from '@pulumi/pulumi'
import { runStackProgram } from './stack-program.ts'

// What a plain `pulumi` runs; `tenantry` runs the same program in its own process (cli/inline-program.ts).
await runStackProgram({ stack: getStack(), environment: process.env, folder: process.cwd() })
