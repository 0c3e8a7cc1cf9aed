import type { YamlPath } from './yaml-node.ts'

interface Step<T> {
  readonly next: Map<string, Step<T>>
  value?: T
}

const emptyStep = <T>(): Step<T> => ({ next: new Map() })

/**
 * What holds at which paths of a compose file: `services.*.ports`, where `*` is any one step. A pattern's own word wins over a
 * `*`. Looking one path up takes time that grows with its length only.
 */
export class PathTable<T> {
  private readonly root: Step<T> = emptyStep()

  constructor(patterns: Iterable<readonly [pattern: string, value: T]>) {
    for (const [pattern, value] of patterns) this.add(pattern.split('.'), value)
  }

  private add(steps: readonly string[], value: T): void {
    let at = this.root
    for (const step of steps) {
      const next = at.next.get(step) ?? emptyStep<T>()
      at.next.set(step, next)
      at = next
    }
    at.value = value
  }

  /** What holds at a path; undefined where nothing does. Never throws. */
  find(path: YamlPath): T | undefined {
    return findIn(this.root, path, 0)
  }
}

const findIn = <T>(step: Step<T>, path: YamlPath, index: number): T | undefined => {
  if (index === path.length) return step.value
  const own = step.next.get(String(path[index]))
  const found = own === undefined ? undefined : findIn(own, path, index + 1)
  if (found !== undefined) return found
  const any = step.next.get('*')
  return any === undefined ? undefined : findIn(any, path, index + 1)
}
