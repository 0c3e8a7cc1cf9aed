import { randomUUID } from 'node:crypto'
import type { Sessions } from './sessions.ts'

/** A REST request, its body parsed. */
export interface RestRequest {
  readonly method: string
  readonly path: string
  /** The value of `~action`. */
  readonly action: string | undefined
  readonly session: string | undefined
  readonly authorization: string | undefined
  readonly body: unknown
}

export interface RestAnswer {
  readonly status: number
  readonly body?: unknown
}

interface Category {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly cardinality: string
  readonly associable_types: readonly string[]
}

interface Tag {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly category_id: string
}

type Fields = Readonly<Record<string, unknown>>

const isFields = (value: unknown): value is Fields => value !== null && typeof value === 'object'

const fieldsAt = (body: unknown, name: string): Fields => {
  const found = isFields(body) ? body[name] : undefined
  return isFields(found) ? found : {}
}

const textIn = (fields: Fields, name: string): string => String(fields[name] ?? '')

const ok = (value?: unknown): RestAnswer => ({ status: 200, body: value === undefined ? {} : { value } })

const refused = (status: number, kind: string): RestAnswer => ({
  status,
  body: { type: `com.vmware.vapi.std.errors.${kind}`, value: { messages: [] } },
})

const defined = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([name, value]) => value !== undefined && name !== 'id'))

const root = '/rest/com/vmware/cis'

/** The REST half of the in-memory vCenter: sessions, categories, tags and what they are on. */
export class TaggingEndpoint {
  readonly #sessions: Sessions
  readonly #categories = new Map<string, Category>()
  readonly #tags = new Map<string, Tag>()
  /** Objects by tag id, each as `type:id`. */
  readonly #attached = new Map<string, Set<string>>()

  constructor(sessions: Sessions) {
    this.#sessions = sessions
  }

  /** Answers one request. Never throws. */
  answer(request: RestRequest): RestAnswer {
    if (request.path === `${root}/session`) return this.#session(request)
    if (!this.#sessions.isOpen(request.session)) return refused(401, 'unauthenticated')
    const [kind, id] = request.path.slice(`${root}/tagging/`.length).split('/id:')
    if (kind === 'category')
      return id === undefined ? this.#allCategories(request) : this.#oneCategory(request, id)
    if (kind === 'tag') return id === undefined ? this.#allTags(request) : this.#oneTag(request, id)
    if (kind === 'tag-association') return this.#association(request, id)
    return refused(404, 'not_found')
  }

  #session({ method, authorization, session }: RestRequest): RestAnswer {
    if (method === 'DELETE') {
      if (session !== undefined) this.#sessions.logout(session)
      return ok()
    }
    const pair = Buffer.from((authorization ?? '').replace(/^Basic /, ''), 'base64').toString()
    const at = pair.indexOf(':')
    const key = this.#sessions.login(pair.slice(0, at), pair.slice(at + 1))
    return key === undefined ? refused(401, 'unauthenticated') : ok(key)
  }

  #allCategories({ method, body }: RestRequest): RestAnswer {
    if (method === 'GET') return ok([...this.#categories.keys()])
    const spec = fieldsAt(body, 'create_spec')
    const name = textIn(spec, 'name')
    if ([...this.#categories.values()].some((category) => category.name === name))
      return refused(400, 'already_exists')
    const id = `urn:vmomi:InventoryServiceCategory:${randomUUID()}:GLOBAL`
    const types = spec.associable_types
    this.#categories.set(id, {
      id,
      name,
      description: textIn(spec, 'description'),
      cardinality: textIn(spec, 'cardinality'),
      associable_types: Array.isArray(types) ? types.map(String) : [],
    })
    return ok(id)
  }

  #oneCategory({ method, body }: RestRequest, id: string): RestAnswer {
    const category = this.#categories.get(id)
    if (category === undefined) return refused(404, 'not_found')
    if (method === 'GET') return ok(category)
    if (method === 'DELETE') {
      this.#categories.delete(id)
      for (const tag of this.#tags.values()) if (tag.category_id === id) this.#removeTag(tag.id)
      return ok()
    }
    const spec = defined(fieldsAt(body, 'update_spec'))
    const types = spec.associable_types
    if (Array.isArray(types) && !category.associable_types.every((type) => types.includes(type)))
      return refused(400, 'invalid_argument')
    this.#categories.set(id, { ...category, ...spec })
    return ok()
  }

  #allTags({ method, body }: RestRequest): RestAnswer {
    if (method === 'GET') return ok([...this.#tags.keys()])
    const spec = fieldsAt(body, 'create_spec')
    const [name, category] = [textIn(spec, 'name'), textIn(spec, 'category_id')]
    if (!this.#categories.has(category)) return refused(404, 'not_found')
    if ([...this.#tags.values()].some((tag) => tag.name === name && tag.category_id === category))
      return refused(400, 'already_exists')
    const id = `urn:vmomi:InventoryServiceTag:${randomUUID()}:GLOBAL`
    this.#tags.set(id, { id, name, description: textIn(spec, 'description'), category_id: category })
    return ok(id)
  }

  #oneTag({ method, action, body }: RestRequest, id: string): RestAnswer {
    if (action === 'list-tags-for-category')
      return ok([...this.#tags.values()].filter((tag) => tag.category_id === id).map((tag) => tag.id))
    const tag = this.#tags.get(id)
    if (tag === undefined) return refused(404, 'not_found')
    if (method === 'GET') return ok(tag)
    if (method === 'DELETE') this.#removeTag(id)
    else this.#tags.set(id, { ...tag, ...defined(fieldsAt(body, 'update_spec')) })
    return ok()
  }

  #association({ action, body }: RestRequest, id: string | undefined): RestAnswer {
    const object = fieldsAt(body, 'object_id')
    const key = `${textIn(object, 'type')}:${textIn(object, 'id')}`
    if (id === undefined)
      return ok([...this.#attached].filter(([, objects]) => objects.has(key)).map(([tag]) => tag))
    const tag = this.#tags.get(id)
    if (tag === undefined) return refused(404, 'not_found')
    const objects = this.#attached.get(id) ?? new Set<string>()
    if (action === 'detach') objects.delete(key)
    else {
      if (this.#isOnlyOne(tag, key)) return refused(400, 'not_allowed_in_current_state')
      objects.add(key)
    }
    this.#attached.set(id, objects)
    return ok()
  }

  /** Whether the object has another tag of a category that allows but one. */
  #isOnlyOne(tag: Tag, key: string): boolean {
    if (this.#categories.get(tag.category_id)?.cardinality !== 'SINGLE') return false
    return [...this.#tags.values()].some(
      (other) =>
        other !== tag && other.category_id === tag.category_id && this.#attached.get(other.id)?.has(key),
    )
  }

  #removeTag(id: string): void {
    this.#tags.delete(id)
    this.#attached.delete(id)
  }
}
