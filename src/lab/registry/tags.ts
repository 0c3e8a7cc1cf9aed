import { createHash } from 'node:crypto'
import { fullNameOf, type Repository } from './repositories.ts'

/** What an image that is pushed is like; the lab has no image data. */
export interface PushedImage {
  readonly critical: number
  readonly major: number
  readonly minor: number
  readonly os: string
  readonly architecture: string
  readonly licenses: readonly string[]
  readonly components: readonly string[]
  /** Names of the users whose signatures it carries. */
  readonly signers: readonly string[]
  /** What they signed, where the tag was pushed again since: its trust data names that one still. */
  readonly signedDigest?: string
  /** The scanner gives up on it. */
  readonly scanFails: boolean
  readonly digest: string
}

/** Where a promoted tag came from (reference §8.4). */
export interface Provenance {
  readonly promotionPolicyID: string
  readonly sourceRepository: string
  readonly sourceTag: string
}

export interface Tag {
  readonly repository: string
  readonly name: string
  readonly image: PushedImage
  readonly author: string
  readonly createdAt: number
  readonly updatedAt: number
  /** When its scan began, in milliseconds; undefined while nobody asked for one. */
  readonly scanStartedAt?: number
  /** Whether the scan's end has been acted on. */
  readonly scanSettled: boolean
  readonly provenance?: Provenance
}

/** The form of a tag in the registry protocol. */
export const tagForm = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/

/** A digest that differs from push to push. */
export const digestOf = (...parts: readonly string[]): string =>
  `sha256:${createHash('sha256').update(parts.join('\n')).digest('hex')}`

/** Tags by repository. */
export class Tags {
  readonly #byRepository = new Map<string, Map<string, Tag>>()

  all(): Tag[] {
    return [...this.#byRepository.values()].flatMap((tags) => [...tags.values()])
  }

  of(repository: Repository): Tag[] {
    return [...(this.#byRepository.get(fullNameOf(repository))?.values() ?? [])]
  }

  find(repository: string, name: string): Tag | undefined {
    return this.#byRepository.get(repository)?.get(name)
  }

  put(tag: Tag): Tag {
    const tags = this.#byRepository.get(tag.repository) ?? new Map<string, Tag>()
    this.#byRepository.set(tag.repository, tags.set(tag.name, tag))
    return tag
  }

  remove(tag: Tag): void {
    this.#byRepository.get(tag.repository)?.delete(tag.name)
  }

  removeRepository(repository: Repository): void {
    this.#byRepository.delete(fullNameOf(repository))
  }
}
