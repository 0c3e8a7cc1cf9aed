import { randomBytes } from 'node:crypto'
import { repositoryEvents } from '../../clients/registry-webhooks.ts'
import { invalid, notFound } from '../ucp/refusal.ts'
import { zeroTime } from './scanning.ts'

const otherTypes = ['REPO_EVENT', 'SCANNER_UPDATE_COMPLETED'] as const

/** Reference §8.8. */
export const webhookTypes = [...repositoryEvents, ...otherTypes]
export type WebhookType = (typeof webhookTypes)[number]

/** What a webhook's key names. */
export const keyKind = (type: WebhookType): 'repository' | 'namespace' | 'registry' => {
  if (type === 'REPO_EVENT') return 'namespace'
  return type === 'SCANNER_UPDATE_COMPLETED' ? 'registry' : 'repository'
}

export interface Webhook {
  /** 64 hex digits. */
  readonly id: string
  readonly type: WebhookType
  /** `namespace/name`, `namespace`, or empty, as the type has it. */
  readonly key: string
  readonly endpoint: string
  readonly authorID: string
  readonly createdAt: string
  readonly lastSuccessfulAt: string
  readonly inactive: boolean
  readonly tlsCert: string
  readonly skipTLSVerification: boolean
}

export type WebhookSettings = Pick<
  Webhook,
  'type' | 'key' | 'endpoint' | 'inactive' | 'tlsCert' | 'skipTLSVerification'
>

const checkEndpoint = (endpoint: string): void => {
  const protocol = URL.canParse(endpoint) ? new URL(endpoint).protocol : ''
  if (protocol !== 'http:' && protocol !== 'https:')
    throw invalid(`${JSON.stringify(endpoint)} is not an address of http or https.`)
}

/** Webhooks have no key but their id: equal ones may be there twice. */
export class Webhooks {
  readonly #byId = new Map<string, Webhook>()

  all(): Webhook[] {
    return [...this.#byId.values()]
  }

  /** @throws {Refusal} 404 NO_SUCH_WEBHOOK. */
  get(id: string): Webhook {
    const webhook = this.#byId.get(id)
    if (webhook === undefined)
      throw notFound('NO_SUCH_WEBHOOK', 'A webhook with the given id does not exist.')
    return webhook
  }

  /** @throws {Refusal} 400 for an endpoint that is no address. */
  create(settings: WebhookSettings, authorID: string, createdAt: string): Webhook {
    checkEndpoint(settings.endpoint)
    const id = randomBytes(32).toString('hex')
    return this.#put({ id, authorID, createdAt, lastSuccessfulAt: zeroTime, ...settings })
  }

  /** @throws {Refusal} 400 for an endpoint that is no address. */
  update(webhook: Webhook, changes: Partial<WebhookSettings>): Webhook {
    const updated = { ...webhook, ...changes }
    checkEndpoint(updated.endpoint)
    return this.#put(updated)
  }

  succeeded(webhook: Webhook, at: string): void {
    const current = this.#byId.get(webhook.id)
    if (current !== undefined) this.#put({ ...current, lastSuccessfulAt: at })
  }

  remove(webhook: Webhook): void {
    this.#byId.delete(webhook.id)
  }

  removeRepository(repository: string): void {
    for (const webhook of this.all())
      if (webhook.key === repository && keyKind(webhook.type) === 'repository') this.remove(webhook)
  }

  /** Those that want the event. */
  listening(type: WebhookType, key: string): Webhook[] {
    return this.all().filter((webhook) => webhook.type === type && webhook.key === key && !webhook.inactive)
  }

  #put(webhook: Webhook): Webhook {
    this.#byId.set(webhook.id, webhook)
    return webhook
  }
}
