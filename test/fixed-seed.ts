import fc from 'fast-check'
import { seed } from './seed.ts'

// Runs before every test file, so that no file is left with what another has set.
fc.configureGlobal({ seed })
