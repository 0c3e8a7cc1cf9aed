import { benchCompile } from './compile-bench.ts'

benchCompile()
