// Gives generated input to what reads compose files and images, in a process of its own whose memory is measured. Arguments: what to
// fuzz, a folder for files, how many runs. Prints how many inputs were read; the others were refused.
import { type ComposeFuzz, fuzzCompose } from './fuzz-compose.ts'
import { fuzzImage, type ImageFuzz } from './fuzz-image.ts'

const [kind = '', folder = '', runs = ''] = process.argv.slice(2)
const read =
  kind === 'bytes' || kind === 'structure'
    ? fuzzCompose(kind satisfies ComposeFuzz, folder, Number(runs))
    : await fuzzImage(kind as ImageFuzz, folder, Number(runs))
process.stdout.write(`answered, ${read} read`)
