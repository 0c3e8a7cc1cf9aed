import { Agent, request } from 'undici'
import type { Webhook, Webhooks, WebhookType } from './webhooks.ts'

/** What is posted to a webhook's endpoint (reference §8.8). */
export interface WebhookEvent {
  readonly type: WebhookType
  readonly createdAt: string
  readonly contents: Readonly<Record<string, unknown>>
  readonly location: string
}

/** One attempt; there are no others. */
export interface Delivery {
  readonly webhookId: string
  readonly endpoint: string
  readonly event: WebhookEvent
  /** 0 where no answer came. */
  readonly status: number
}

/** A receiver that does not answer must not hold the registry up. */
const timeoutMilliseconds = 5_000

/** Posts events to the endpoints that listen, each on its own, in the background. */
export class Deliveries {
  readonly #webhooks: Webhooks
  readonly #now: () => number
  readonly #pending = new Set<Promise<void>>()
  readonly #done: Delivery[] = []

  constructor(webhooks: Webhooks, now: () => number) {
    this.#webhooks = webhooks
    this.#now = now
  }

  /** Those that are over, in the order of their end. */
  done(): readonly Delivery[] {
    return this.#done
  }

  /** Resolves when everything that was sent so far is over. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending)
  }

  send(type: WebhookType, key: string, rest: Pick<WebhookEvent, 'contents' | 'location'>): void {
    const event: WebhookEvent = { type, createdAt: new Date(this.#now()).toISOString(), ...rest }
    for (const webhook of this.#webhooks.listening(type, key)) this.#start(webhook, event)
  }

  /** Posts one event to an endpoint and resolves to the status, 0 where no answer came. */
  async post(
    target: Pick<Webhook, 'endpoint' | 'tlsCert' | 'skipTLSVerification'>,
    event: WebhookEvent,
  ): Promise<number> {
    const agent = new Agent({
      connect: {
        rejectUnauthorized: !target.skipTLSVerification,
        ...(target.tlsCert === '' ? {} : { ca: target.tlsCert }),
      },
    })
    try {
      const response = await request(target.endpoint, {
        dispatcher: agent,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(event),
        signal: AbortSignal.timeout(timeoutMilliseconds),
      })
      await response.body.dump()
      return response.statusCode
    } catch {
      return 0
    } finally {
      await agent.destroy()
    }
  }

  #start(webhook: Webhook, event: WebhookEvent): void {
    const delivery = this.post(webhook, event).then((status) => {
      this.#done.push({ webhookId: webhook.id, endpoint: webhook.endpoint, event, status })
      if (status >= 200 && status < 300)
        this.#webhooks.succeeded(webhook, new Date(this.#now()).toISOString())
    })
    this.#pending.add(delivery)
    void delivery.finally(() => this.#pending.delete(delivery))
  }
}
