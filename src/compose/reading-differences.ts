/** Where compose files are read otherwise than the reference parser reads them, and why that is meant. */
export interface ReadingDifference {
  /** Where in a model, `*` for any one step. */
  readonly path: string
  /** What both make of which file: a sentence. */
  readonly what: string
  /** A sentence. */
  readonly why: string
}

/** By id. Whoever changes how files are read adds a row or takes one out: the contract test knows of no other difference. */
export const readingDifferences = {
  'secret-without-source': {
    path: 'secrets.*',
    what: 'A secret or a config without `file`, `environment`, `content` or `external` is taken; the reference refuses it.',
    why: 'Compose files only name a secret that the tenant file lists: the supply says where it is.',
  },
  'device-without-target': {
    path: 'services.*.devices.*',
    what: 'A device in its long form without a `target` is taken; the reference refuses it.',
    why: 'The schema of the specification asks for `source` alone.',
  },
  'build-ulimit-as-text': {
    path: 'services.*.build.ulimits.*',
    what: 'A limit of a build that is text (`"3"`) is taken; the reference refuses it.',
    why: 'The schema of the specification takes text there, and a variable gives nothing else.',
  },
  'short-over-long': {
    path: 'services.*.gpus',
    what: '`gpus: all`, and a list of `build.ssh`, over what an earlier file says are joined to it; the reference refuses to merge the two forms.',
    why: 'Short and long forms of one field mean the same, and merge alike.',
  },
  'override-keeps-type': {
    path: '*',
    what: 'A single value after `!override` keeps its type; the reference makes text of it (`null`, `true`), and may then refuse it.',
    why: 'The tag says how a value is merged, not what it is.',
  },
  'address-blocks': {
    path: 'networks.*.ipam.config',
    what: 'Blocks of addresses are merged by their subnet, and all others stay; the reference loses blocks that only the first file has.',
    why: 'The specification joins lists: nothing of one layer is silently lost to another.',
  },
  'later-external-name': {
    path: 'networks.*.external',
    what: 'The old `external: { name: … }` of a later file gives the name; the reference refuses it where an earlier file gave another.',
    why: 'A later value takes the place of an earlier one, in whichever form it stands.',
  },
  'no-hosts-twice': {
    path: 'services.*.extra_hosts',
    what: '`extra_hosts` that is an empty mapping in one file and empty in a later one, too, is empty; the reference refuses it.',
    why: 'The schema of the specification takes an empty mapping, and two of them say no more than one.',
  },
  'config-of-variable': {
    path: 'configs.*.environment',
    what: 'A config of a variable stays its name; the reference reads the content in beside it.',
    why: 'No value of a variable reaches a stack by itself: a stack refuses such a config, and says so.',
  },
  'published-number': {
    path: 'services.*.ports.*.published',
    what: 'A published port that is a number (`8080`) is the same as one that is text (`"8080"`); the reference publishes it twice.',
    why: 'One port of a node can be published once: the engine would refuse the second.',
  },
  'many-ports': {
    path: 'services.*.ports',
    what: 'A range that stands for more than 1,000 ports is refused; the reference writes it out.',
    why: 'One line of a file is not to become 65,535 parts of a stack: memory is bounded whoever wrote the file.',
  },
} as const satisfies Readonly<Record<string, ReadingDifference>>
