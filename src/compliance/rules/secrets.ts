import { printable } from '../../core/printable.ts'
import type { CheckSubject, Found, Rule } from '../rule.ts'
import { isSecretName, secretForm, secretValue } from '../secrets/looks-secret.ts'
import {
  asList,
  asRecord,
  asText,
  fieldOf,
  type NamedValue,
  namedValues,
  type Path,
  valueAt,
} from '../view/compose-model.ts'
import { onceEach } from '../view/imaged.ts'
import type { ServiceView } from '../view/service-view.ts'

/** A name as a message shows it: someone's text, cut, in which nothing hides. */
const shown = (name: string): string => printable(name.slice(0, 80))

const ofService = (path: Path): { readonly service?: string } =>
  path[0] === 'services' && typeof path[1] === 'string' ? { service: path[1] } : {}

const whose = (path: Path): string => {
  const { service } = ofService(path)
  return service === undefined ? `\`${path.slice(0, 2).join('.')}\`` : `service ${service}`
}

const inNamed = (what: string, values: readonly NamedValue[]): Found[] =>
  values.flatMap(({ name, value, path }) => {
    const secret = secretValue(name, value)
    if (secret === undefined) return []
    return [
      {
        message: `${what} '${shown(name)}' of ${whose(path)} holds ${secret}.`,
        subject: { ...ofService(path), detail: shown(name) },
        at: path,
      },
    ]
  })

const namedAt = ({ model }: CheckSubject, path: Path): readonly NamedValue[] =>
  namedValues(valueAt(model.value, path), path)

const environments = (subject: CheckSubject): readonly Found[] =>
  subject.services.flatMap(({ path }) => [
    ...inNamed('Variable', namedAt(subject, [...path, 'environment'])),
    ...inNamed('Build argument', namedAt(subject, [...path, 'build', 'args'])),
  ])

const labelled = ['networks', 'volumes', 'secrets', 'configs'] as const

const labels = (subject: CheckSubject): readonly Found[] => {
  const ofServices = subject.services.flatMap(({ path }) =>
    [['labels'], ['deploy', 'labels'], ['build', 'labels'], ['annotations']].map((part) => [
      ...path,
      ...part,
    ]),
  )
  const ofOthers = labelled.flatMap((kind) => subject.resources[kind].map(({ path }) => [...path, 'labels']))
  return [...ofServices, ...ofOthers].flatMap((path) => inNamed('Label', namedAt(subject, path)))
}

/** A command as its words, each with where it stands: one text is one word. */
const wordsAt = ({ model }: CheckSubject, path: Path): readonly (readonly [text: string, path: Path])[] => {
  const value = valueAt(model.value, path)
  if (!Array.isArray(value)) return [[asText(value) ?? '', path]]
  return value.map((word, index) => [asText(word) ?? '', [...path, index]] as const)
}

const option = /^--?([\w.-]+)(?:=(.*))?$/s

/** What a word of a command holds: by its form, as the value of an option, or as the value of the option before it. */
const secretWord = (word: string, before: string | undefined): string | undefined => {
  const form = secretForm(word)
  if (form !== undefined) return form
  const [, name = '', value] = option.exec(word.slice(0, 1000)) ?? []
  if (value !== undefined) return secretValue(name, value)
  const earlier = before === undefined ? null : option.exec(before.slice(0, 1000))
  const takes = earlier !== null && earlier[2] === undefined && isSecretName(earlier[1] ?? '')
  return takes && !word.startsWith('-') ? secretValue(earlier[1] ?? '', word) : undefined
}

/** Words of one text, for commands that are written as such. */
const split = (text: string): string[] => text.slice(0, 65_536).split(/\s+/)

const secretIn = (text: string, before: string | undefined): string | undefined => {
  const words = split(text)
  if (words.length === 1) return secretWord(text, before)
  return (
    secretForm(text) ??
    words.map((word, at) => secretWord(word, words[at - 1])).find((one) => one !== undefined)
  )
}

const commandPaths = ({ path, value }: ServiceView): Path[] => [
  [...path, 'command'],
  [...path, 'entrypoint'],
  [...path, 'healthcheck', 'test'],
  ...(['post_start', 'pre_stop'] as const).flatMap((hook) =>
    asList(fieldOf(value, hook)).map((_, index) => [...path, hook, index, 'command']),
  ),
]

const commands = (subject: CheckSubject): readonly Found[] =>
  subject.services.flatMap((service) =>
    commandPaths(service).flatMap((path) => {
      const words = wordsAt(subject, path)
      return words.flatMap(([text, at], index) => {
        const secret = secretIn(text, words[index - 1]?.[0])
        if (secret === undefined) return []
        const part = path.slice(2).join('.')
        return [
          {
            message: `\`${part}\` of service ${service.name} holds ${secret}.`,
            subject: { service: service.name, detail: `${part}.${index}` },
            at,
          },
        ]
      })
    }),
  )

const texts = (subject: CheckSubject): readonly Found[] =>
  (['configs', 'secrets'] as const).flatMap((kind) =>
    subject.resources[kind].flatMap(({ key, path, value }) => {
      const content = asText(fieldOf(value, 'content'))
      const secret =
        kind === 'secrets' && content !== undefined ? 'its value in clear' : secretForm(content ?? '')
      if (secret === undefined) return []
      return [
        {
          message: `\`${kind}.${key}\` holds ${secret}.`,
          subject: { detail: `${kind}.${key}` },
          at: [...path, 'content'],
        },
      ]
    }),
  )

const options = (subject: CheckSubject): readonly Found[] => {
  const drivers = (['networks', 'volumes'] as const).flatMap((kind) =>
    subject.resources[kind].map(({ path }) => [...path, 'driver_opts']),
  )
  const loggings = subject.services.map(({ path }) => [...path, 'logging', 'options'])
  return [...drivers, ...loggings].flatMap((path) => inNamed('Option', namedAt(subject, path)))
}

const imageParts = (subject: CheckSubject): readonly Found[] =>
  onceEach(subject).flatMap(({ service, image }) => {
    const configuration = subject.images.get(image)?.configuration
    if (configuration === undefined) return []
    const named = [
      ...namedValues(configuration.environment, ['environment']),
      ...namedValues(asRecord(configuration.labels), ['labels']),
    ]
    return named.flatMap(({ name, value, path }) => {
      const secret = secretValue(name, value)
      if (secret === undefined) return []
      const kind = path[0] === 'labels' ? 'Label' : 'Variable'
      return [
        {
          message: `${kind} '${shown(name)}' that is built into image ${image} holds ${secret}.`,
          subject: { image, detail: `${kind} ${shown(name)}` },
          at: [...service.path, 'image'],
        },
      ]
    })
  })

const secretsWhy =
  'Whoever may look at a service reads its environment, labels and command, and so does every tool that logs them; the file stays in git for good.'
const secretsFix =
  'Take the value out and replace it where it is valid: it is known now. Name a secret of the tenant file, and read it from /run/secrets or Vault.'

export const secretRules: readonly Rule[] = [
  {
    id: 'secret/in-environment',
    title: 'No secret stands in the environment',
    severity: 'critical',
    needs: 'files',
    why: secretsWhy,
    fix: secretsFix,
    find: environments,
  },
  {
    id: 'secret/in-label',
    title: 'No secret stands in a label',
    severity: 'critical',
    needs: 'files',
    why: secretsWhy,
    fix: secretsFix,
    find: labels,
  },
  {
    id: 'secret/in-command',
    title: 'No secret stands in a command',
    severity: 'critical',
    needs: 'files',
    why: `${secretsWhy} A command is besides in the list of processes of its host.`,
    fix: secretsFix,
    find: commands,
  },
  {
    id: 'secret/in-file',
    title: 'No secret stands elsewhere in the file',
    severity: 'critical',
    needs: 'files',
    why: 'Configs are no secrets: whoever may look at the stack reads them. Options of volumes, networks and logging are shown by `docker inspect`.',
    fix: secretsFix,
    find: (subject) => [...texts(subject), ...options(subject)],
  },
  {
    id: 'secret/in-image',
    title: 'No secret is built into the image',
    severity: 'critical',
    needs: 'images',
    why: 'Whoever may pull the image has its environment and labels, of every layer, for good.',
    fix: 'Build without it (`RUN --mount=type=secret`), replace it where it is valid, and delete the tags that hold it.',
    find: imageParts,
  },
]
