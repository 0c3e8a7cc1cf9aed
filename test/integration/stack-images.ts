import type { Image } from '../../src/lab/docker/dockerd-images.ts'
import type { StackFile, StackService } from './stack-file.ts'

/** What every service of the corpus runs, whatever it is told to: lives until it is asked to end. */
const standing = `#!/bin/sh
trap 'exit 0' TERM INT
echo "runs as $(id -u): $*"
while :; do
  sleep 3600 &
  wait $!
done
`

/** What every health check of the corpus runs: well, in whatever words it is asked for. */
const healthy = '#!/bin/sh\necho PONG\n'

const standingPath = 'bin/stands'

const inImage = (program: string): string => (program.startsWith('/') ? program.slice(1) : `bin/${program}`)

const firstWord = (words: string | readonly string[] | undefined): string | undefined =>
  typeof words === 'string' ? words.split(' ')[0] : words?.[0]

const probeOf = ({ healthcheck }: StackService): string | undefined => {
  const test = healthcheck?.test
  if (test === undefined || typeof test === 'string') return firstWord(test)
  return test[0] === 'CMD-SHELL' ? firstWord(test[1]) : test[1]
}

/** A line of /etc/passwd for every user that a stack calls by name. */
const accountsOf = (services: readonly StackService[]): string => {
  const names = new Set(services.map(({ user }) => user?.split(':')[0] ?? ''))
  const named = [...names].filter((name) => !/^\d*$/.test(name)).sort()
  const lines = [
    'root:x:0:0:root:/:/bin/sh',
    ...named.map((name, at) => `${name}:x:${2001 + at}:100::/:/bin/sh`),
  ]
  return `${lines.join('\n')}\n`
}

/**
 * Images for every service of the stacks: commands are handed to a program that stays, programs that a stack itself names as an
 * entry point or in a health check are there, and so are users that it calls by name.
 */
export const imagesOf = (stacks: readonly StackFile[]): readonly Image[] => {
  const services = stacks.flatMap((stack) => Object.values(stack.services))
  const probes = services.map(probeOf).filter((one) => one !== undefined)
  const entries = services.map(({ entrypoint }) => firstWord(entrypoint)).filter((one) => one !== undefined)
  const files = {
    'etc/passwd': accountsOf(services),
    ...Object.fromEntries(probes.map((one) => [inImage(one), healthy])),
    ...Object.fromEntries(entries.map((one) => [inImage(one), standing])),
    [standingPath]: standing,
  }
  const references = [...new Set(services.map(({ image }) => image))].sort()
  return references.map((reference) => ({ reference, files, entrypoint: [`/${standingPath}`], command: [] }))
}
