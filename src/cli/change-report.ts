import type { ChangeKind, ResourceResult, StackResult } from '../engine/stack-result.ts'
import type { AccessSentence } from '../plan/access-summary.ts'
import { concernOf } from './kind-groups.ts'
import type { Terminal } from './terminal.ts'
import { wrapped } from './wrap.ts'

type Color = Terminal['color']
type Change = Exclude<ChangeKind, 'same'>

/** In the order in which a reviewer wants to see them. */
const kinds: readonly Change[] = ['delete', 'replace', 'update', 'create']

const words: Readonly<Record<Change, { sign: string; planned: string; done: string }>> = {
  delete: { sign: '-', planned: 'delete', done: 'deleted' },
  replace: { sign: '±', planned: 'replace', done: 'replaced' },
  update: { sign: '~', planned: 'update', done: 'updated' },
  create: { sign: '+', planned: 'create', done: 'created' },
}

/** Concerns in the order in which a person reads a tenant. */
const concernOrder = ['cluster', 'access', 'registry', 'networks', 'volumes', 'secrets', 'ci', 'nodes']

const rankOf = (concern: string): number => {
  const rank = concernOrder.indexOf(concern)
  return rank < 0 ? concernOrder.length : rank
}

const painted = (color: Color, change: Change, text: string): string => {
  if (change === 'delete') return color.red(text)
  if (change === 'replace') return color.yellow(text)
  return change === 'create' ? color.green(text) : text
}

/** More than so many new things of a kind in a concern become one line. */
const largestListed = 3
const longestPaths = 6

const shortened = (texts: readonly string[], most: number): string =>
  texts.length <= most
    ? texts.join(', ')
    : `${texts.slice(0, most).join(', ')} and ${texts.length - most} more`

/** `grant/team/x` → `grant`; a name without parts is its own kind. */
const kindOfName = (name: string): string => name.split('/')[0] ?? name

const label = (result: StackResult, change: Change): string => {
  const { sign, planned, done } = words[change]
  return `${sign} ${(result.operation === 'preview' ? planned : done).padEnd(8)}`
}

const pathsOf = ({ change, properties }: ResourceResult): string =>
  change === 'create' || change === 'delete' || properties.length === 0
    ? ''
    : ` [${shortened(
        properties.map(({ path }) => path),
        longestPaths,
      )}]`

const single = (color: Color, result: StackResult, change: Change, resource: ResourceResult): string => {
  const line = `${label(result, change)} ${resource.name}${pathsOf(resource)}`
  return resource.failed ? color.red(`${line}  FAILED`) : painted(color, change, line)
}

const together = (color: Color, result: StackResult, kind: string, resources: readonly ResourceResult[]) => {
  const names = resources.map(({ name }) => name.slice(kind.length + 1) || name)
  return painted(
    color,
    'create',
    `${label(result, 'create')} ${resources.length} × ${kind}: ${shortened(names, largestListed)}`,
  )
}

const groupBy = <T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, T[]> => {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return groups
}

const createLines = (color: Color, result: StackResult, created: readonly ResourceResult[]): string[] =>
  [...groupBy(created, ({ name }) => kindOfName(name))].flatMap(([kind, resources]) =>
    resources.length > largestListed && resources.every(({ failed }) => !failed)
      ? [together(color, result, kind, resources)]
      : resources.map((resource) => single(color, result, 'create', resource)),
  )

const linesOfConcern = (color: Color, result: StackResult, resources: readonly ResourceResult[]): string[] =>
  kinds.flatMap((kind) => {
    const changed = resources.filter(({ change }) => change === kind)
    return kind === 'create'
      ? createLines(color, result, changed)
      : changed.map((resource) => single(color, result, kind, resource))
  })

/**
 * What changes in a stack, concern by concern: deletions and replacements first and one by one, many new things of a kind as
 * one line. Empty where nothing changes. Never throws.
 */
export const changeLines = (color: Color, result: StackResult): string[] => {
  const changed = result.resources.filter(({ change, failed }) => change !== 'same' || failed)
  return [...groupBy(changed, ({ urn }) => concernOf(urn))]
    .sort(([a], [b]) => rankOf(a) - rankOf(b))
    .flatMap(([concern, resources]) => [
      `  ${color.bold(concern)}`,
      ...linesOfConcern(color, result, resources).map((line) => `    ${line}`),
    ])
}

/** Who gains and who loses what; what reaches the host stands out. */
export const accessLines = ({ color, width }: Terminal, sentences: readonly AccessSentence[]): string[] =>
  sentences.length === 0
    ? []
    : [
        `  ${color.bold('who may do what')}`,
        ...sentences.flatMap(({ text, dangerous }) =>
          wrapped(`    ${dangerous ? `DANGEROUS: ${text}` : text}`, width, '      ').map((line) =>
            dangerous ? color.red(color.bold(line)) : line,
          ),
        ),
      ]
