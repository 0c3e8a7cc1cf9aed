import type { Caller } from '../ucp/access.ts'
import type { Account } from '../ucp/accounts.ts'
import { invalid, notFound, Refusal } from '../ucp/refusal.ts'
import type { UcpState } from '../ucp/state.ts'
import { ApiTokens } from './api-tokens.ts'
import { Deliveries } from './deliveries.ts'
import { Permissions } from './permissions.ts'
import { PromotionPolicies, type PromotionPolicy } from './promotion-policies.ts'
import { expandTemplate, needsScan, ruleHolds } from './promotion-rules.ts'
import { fullNameOf, Repositories, type Repository, type RepositorySettings } from './repositories.ts'
import { isScanOver, scanMilliseconds, scanStatus, statusAt, vulnerabilitySummary } from './scanning.ts'
import { defaultSettings, type Settings, type SettingsChanges } from './settings.ts'
import type { RegistrySwitches } from './switches.ts'
import { digestOf, type Provenance, type PushedImage, type Tag, Tags, tagForm } from './tags.ts'
import { PullTokens, signedTags, TrustData } from './trust-data.ts'
import { keyKind, Webhooks, type WebhookType } from './webhooks.ts'

export interface RegistryStateOptions {
  readonly ucp: UcpState
  readonly switches: RegistrySwitches
  /** Runs something after so many milliseconds; the scans' ends. */
  readonly later: (milliseconds: number, run: () => void) => void
}

/** A push, as the registry takes it; it asks nobody whether it may. */
interface Push {
  readonly repository: Repository
  readonly name: string
  readonly image: PushedImage
  readonly author: string
  readonly provenance?: Provenance
}

/** A tag promoted from one repository to the next and on is promoted no further than this. */
const longestPromotionChain = 8

export const newRepositorySettings: RepositorySettings = {
  shortDescription: '',
  longDescription: '',
  visibility: 'private',
  scanOnPush: false,
  immutableTags: false,
  tagLimit: 0,
}

/** Everything one emulated registry knows, in memory, and the rules that span several of its stores. */
export class RegistryState {
  readonly ucp: UcpState
  readonly switches: RegistrySwitches
  readonly repositories = new Repositories()
  readonly permissions: Permissions
  readonly tags = new Tags()
  readonly policies = new PromotionPolicies()
  readonly webhooks = new Webhooks()
  readonly deliveries: Deliveries
  readonly apiTokens = new ApiTokens()
  readonly pullTokens = new PullTokens()
  /** By repository. */
  readonly #trust = new Map<string, TrustData>()
  settings: Settings = defaultSettings
  /** `host:port` of this registry; known once it listens. */
  host = ''
  readonly #later: RegistryStateOptions['later']

  constructor(options: RegistryStateOptions) {
    this.ucp = options.ucp
    this.switches = options.switches
    this.#later = options.later
    this.permissions = new Permissions(options.ucp, this.repositories)
    this.deliveries = new Deliveries(this.webhooks, options.ucp.now)
  }

  now(): number {
    return this.ucp.now()
  }

  time(): string {
    return new Date(this.now()).toISOString()
  }

  change({ webTLSKey: _, ...changes }: SettingsChanges): void {
    const given = Object.entries(changes).filter(([, value]) => value !== undefined)
    this.settings = { ...this.settings, ...Object.fromEntries(given) }
  }

  /** @throws {Refusal} 400 REPOSITORY_EXISTS, 400 for the name. */
  createRepository(
    author: Caller,
    namespace: Account,
    name: string,
    settings: RepositorySettings,
  ): Repository {
    const repository = this.repositories.create(
      { namespace: namespace.name, namespaceType: namespace.isOrg ? 'organization' : 'user', name },
      settings,
    )
    this.repositoryEvent('REPO_CREATED', author, repository)
    return repository
  }

  /** @throws {Refusal} 405 while it holds a signed tag. */
  removeRepository(author: Caller, repository: Repository): void {
    if (this.tags.of(repository).some((tag) => tag.image.signers.length > 0))
      throw new Refusal(
        405,
        'REPOSITORY_CONTAINS_TAGS_IN_NOTARY',
        'The repository holds tags with trust data; remove it first.',
      )
    this.repositories.remove(repository)
    this.tags.removeRepository(repository)
    this.policies.removeRepository(fullNameOf(repository))
    this.webhooks.removeRepository(fullNameOf(repository))
    this.repositoryEvent('REPO_DELETED', author, repository)
  }

  repositoryEvent(event: string, author: Caller, repository: Repository): void {
    const { namespace, name } = repository
    this.deliveries.send('REPO_EVENT', namespace, {
      contents: { namespace, repository: name, event, author: author.name, data: repository },
      location: `/repositories/${namespace}/${name}`,
    })
  }

  /** @throws {Refusal} where the tag is no tag or the repository's tags are immutable. */
  push(push: Push): Tag {
    const { repository, name, image } = push
    if (!tagForm.test(name)) throw invalid(`${JSON.stringify(name)} is not a tag.`, 'INVALID_TAG_NAME')
    const before = this.tags.find(fullNameOf(repository), name)
    if (before !== undefined && repository.immutableTags) throw this.#immutable(repository, name)
    const tag = this.tags.put({
      repository: fullNameOf(repository),
      name,
      image,
      author: push.author,
      createdAt: before?.createdAt ?? this.now(),
      updatedAt: this.now(),
      scanSettled: false,
      ...(push.provenance === undefined ? {} : { provenance: push.provenance }),
    })
    this.repositories.put({ ...repository, pushes: repository.pushes + 1 })
    this.#tagEvent('TAG_PUSH', 'pushedAt', tag)
    this.#keepLimit(repository)
    if (repository.scanOnPush && this.settings.scanningEnabled) this.startScan(tag)
    this.#promote(tag, (policy) => !policy.rules.some(needsScan))
    return this.tags.find(tag.repository, tag.name) ?? tag
  }

  /** @throws {Refusal} 409 TAG_IN_NOTARY where it carries signatures. */
  removeTag(tag: Tag): void {
    if (tag.image.signers.length > 0)
      throw new Refusal(409, 'TAG_IN_NOTARY', 'The tag is in notary; remove its trust data first.')
    this.tags.remove(tag)
    this.#tagEvent('TAG_DELETE', 'deletedAt', tag)
  }

  /** @throws {Refusal} 400 SCANNING_NOT_ENABLED. */
  startScan(tag: Tag): void {
    if (!this.settings.scanningEnabled) throw invalid('Scanning is not enabled.', 'SCANNING_NOT_ENABLED')
    this.tags.put({ ...tag, scanStartedAt: this.now(), scanSettled: false })
    this.#later(scanMilliseconds(this.switches.scanStepMilliseconds), () => this.advance())
  }

  scanStatusOf(tag: Tag): number {
    return statusAt(tag, this.now(), this.switches.scanStepMilliseconds)
  }

  summaryOf(tag: Tag): Record<string, unknown> {
    return vulnerabilitySummary(tag, this.now(), this.switches.scanStepMilliseconds)
  }

  /** Acts on scans that are over by the clock: their webhooks, and the promotions that waited for them. */
  advance(): void {
    for (const tag of this.tags.all())
      if (!tag.scanSettled && isScanOver(this.scanStatusOf(tag))) this.#settle(tag)
  }

  /** Evaluates one policy for the tags that its source has now (reference §8.6). */
  evaluate(policy: PromotionPolicy): void {
    const source = this.repositories.find(policy.sourceRepository)
    for (const tag of source === undefined ? [] : this.tags.of(source))
      this.#promote(tag, (one) => one.id === policy.id)
  }

  /** Copies a tag. @throws {Refusal} where the target refuses the push. */
  promote(tag: Tag, target: Repository, name: string, policyId: string): Tag {
    const promoted = this.push({
      repository: target,
      name,
      image: tag.image,
      author: tag.author,
      provenance: {
        promotionPolicyID: policyId,
        sourceRepository: tag.repository,
        sourceTag: tag.name,
      },
    })
    this.deliveries.send('PROMOTION', tag.repository, {
      contents: {
        promotionPolicyID: policyId,
        digest: tag.image.digest,
        sourceRepository: tag.repository,
        sourceTag: tag.name,
        targetRepository: promoted.repository,
        targetTag: promoted.name,
        promotedAt: this.time(),
      },
      location: `/repositories/${promoted.repository}/tags/${promoted.name}`,
    })
    return promoted
  }

  /** @throws {Refusal} 404 NO_SUCH_TAG. */
  tag(repository: Repository, name: string): Tag {
    const tag = this.tags.find(fullNameOf(repository), name)
    if (tag === undefined) throw notFound('NO_SUCH_TAG', 'A tag with the given name does not exist.')
    return tag
  }

  /**
   * Whether an image of this registry carries the signatures that UCP asks for: any user's where no team is listed,
   * else at least one of a member of each team (reference §8.9).
   */
  isSigned(image: string, signers: readonly string[]): boolean {
    const [, repository = '', name = 'latest'] =
      /^[^/]+\/([^/:@]+\/[^/:@]+)(?::([^@]+))?(?:@.*)?$/.exec(image) ?? []
    const onThisHost = image.startsWith(`${this.host}/`)
    const signed = onThisHost ? (this.tags.find(repository, name)?.image.signers ?? []) : []
    if (signers.length === 0) return signed.length > 0
    return signers.every((team) => signed.some((user) => this.#isInTeam(user, team)))
  }

  /** What a Notary server has of a repository; nothing where none of its tags is signed. */
  trustDocuments(repository: Repository): ReadonlyMap<string, Buffer> {
    const signed = this.tags.of(repository).filter(({ image }) => image.signers.length > 0)
    if (signed.length === 0) return new Map()
    const name = fullNameOf(repository)
    const data = this.#trust.get(name) ?? new TrustData()
    this.#trust.set(name, data)
    const users = [...new Set(signed.flatMap(({ image }) => image.signers))]
    for (const user of users) this.#registerKey(user, data.publicKeyOf(`targets/${user}`))
    return data.documents(signedTags(signed, users), this.now())
  }

  /** Who signs does it with a key that UCP knows: that of a client bundle (reference §8.9). */
  #registerKey(user: string, publicKey: string): void {
    const account = this.ucp.accounts.find(user)
    if (account !== undefined)
      this.ucp.publicKeys.add(account.id, { publicKey, label: 'signs images', certificates: [] })
  }

  #isInTeam(user: string, organizationAndTeam: string): boolean {
    const [organization = '', team = ''] = organizationAndTeam.split('/')
    const org = this.ucp.accounts.find(organization)
    const account = this.ucp.accounts.find(user)
    const found = org === undefined ? undefined : this.ucp.organizations.findTeam(org.id, team)
    if (found === undefined || account === undefined) return false
    return this.ucp.organizations.teamMember(found.id, account.id) !== undefined
  }

  /** Reference §8.7: the text is the registry protocol's. */
  #immutable(repository: Repository, name: string): Refusal {
    return new Refusal(
      400,
      'UNKNOWN',
      `unknown: tag=${name} cannot be overwritten because ${this.host}/${fullNameOf(repository)} is an immutable repository`,
    )
  }

  /** The oldest go; signed ones stay. */
  #keepLimit(repository: Repository): void {
    if (repository.tagLimit === 0) return
    const tags = this.tags.of(repository).sort((a, b) => a.updatedAt - b.updatedAt)
    const removable = tags.slice(0, Math.max(0, tags.length - repository.tagLimit))
    for (const tag of removable) if (tag.image.signers.length === 0) this.removeTag(tag)
  }

  #settle(tag: Tag): void {
    this.tags.put({ ...tag, scanSettled: true })
    const isCompleted = this.scanStatusOf(tag) === scanStatus.completed
    const [namespace, repository] = tag.repository.split('/')
    const rest = isCompleted
      ? { scanSummary: this.summaryOf(tag) }
      : { error: 'The image cannot be scanned.' }
    this.#send(isCompleted ? 'SCAN_COMPLETED' : 'SCAN_FAILED', tag, {
      namespace,
      repository,
      tag: tag.name,
      imageName: this.#imageName(tag),
      ...rest,
    })
    if (isCompleted) this.#promote(tag, (policy) => policy.rules.some(needsScan))
  }

  #promote(tag: Tag, concerned: (policy: PromotionPolicy) => boolean): void {
    const policies = this.policies
      .from(tag.repository)
      .filter((policy) => policy.enabled && concerned(policy))
    for (const policy of policies) if (this.#qualifies(tag, policy)) this.#promoteBy(policy, tag)
  }

  #qualifies(tag: Tag, policy: PromotionPolicy): boolean {
    const isScanned = this.scanStatusOf(tag) === scanStatus.completed
    if (!isScanned && policy.rules.some(needsScan)) return false
    return policy.rules.every((rule) => ruleHolds(rule, { tag: tag.name, ...tag.image }))
  }

  /** A target that is gone, full or immutable stops this promotion only; an image that is there already is not copied. */
  #promoteBy(policy: PromotionPolicy, tag: Tag): void {
    const target = this.repositories.find(policy.targetRepository)
    const name = expandTemplate(policy.tagTemplate, tag.name, new Date(this.now()))
    if (target === undefined || this.#chainLength(tag) >= longestPromotionChain) return
    const there = this.tags.find(policy.targetRepository, name)
    if (there?.image.digest === tag.image.digest) return
    try {
      this.promote(tag, target, name, policy.id)
      this.policies.promoted(policy, this.time())
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
    }
  }

  #chainLength(tag: Tag): number {
    let length = 0
    let at: Tag | undefined = tag
    while (at?.provenance !== undefined && length < longestPromotionChain) {
      at = this.tags.find(at.provenance.sourceRepository, at.provenance.sourceTag)
      length += 1
    }
    return length
  }

  #imageName(tag: Tag): string {
    return `${this.host}/${tag.repository}:${tag.name}`
  }

  /** Tag events come with their manifest's (reference §8.8). */
  #tagEvent(type: 'TAG_PUSH' | 'TAG_DELETE', timeField: 'pushedAt' | 'deletedAt', tag: Tag): void {
    const [namespace, repository] = tag.repository.split('/')
    const { digest, os, architecture } = tag.image
    const contents = {
      namespace,
      repository,
      tag: tag.name,
      digest,
      imageName: this.#imageName(tag),
      os,
      architecture,
      author: tag.author,
      [timeField]: this.time(),
    }
    this.#send(type, tag, contents)
    this.#send(type === 'TAG_PUSH' ? 'MANIFEST_PUSH' : 'MANIFEST_DELETE', tag, {
      ...contents,
      imageName: `${this.host}/${tag.repository}@${digest}`,
    })
  }

  #send(type: WebhookType, tag: Tag, contents: Readonly<Record<string, unknown>>): void {
    this.deliveries.send(type, tag.repository, {
      contents,
      location: `/repositories/${tag.repository}/tags/${tag.name}`,
    })
  }

  /** @throws {Refusal} unless the caller administers what a webhook's key names. */
  requireWebhookKey(caller: Caller, type: WebhookType, key: string): void {
    const kind = keyKind(type)
    if (kind === 'repository') this.permissions.require(caller, key, 'admin')
    if (kind === 'namespace') this.permissions.requireNamespaceAdmin(caller, this.ucp.accounts.get(key))
    if (kind === 'registry' && !caller.isAdmin) throw new Refusal(403, 'NOT_AUTHORIZED', 'For admins only.')
  }
}

/** An image as a push describes it, with what it leaves out. */
export const imageOf = (given: Partial<PushedImage>, ...identity: readonly string[]): PushedImage => ({
  critical: 0,
  major: 0,
  minor: 0,
  os: 'linux',
  architecture: 'amd64',
  licenses: [],
  components: [],
  signers: [],
  scanFails: false,
  digest: digestOf(...identity),
  ...given,
})
