import type { ImageFacts, TrustFacts } from '../image-facts.ts'
import { type ImageReference, parseImageReference } from '../image-reference.ts'
import { type CheckSubject, type Found, inEachService, type Rule } from '../rule.ts'
import type { SignerKeys } from '../signer-keys.ts'
import type { TenantRights } from '../tenant-rights.ts'
import { type Imaged, imaged, onceEach } from '../view/imaged.ts'
import { inService } from '../view/service-view.ts'

const foundIn = ({ service, image }: Imaged, message: string, detail?: string): Found => ({
  message,
  subject: { service: service.name, image, ...(detail === undefined ? {} : { detail }) },
  at: [...service.path, 'image'],
})

/** What each service's image is found to be, by its reference alone. */
const byReference = (what: (one: Imaged, subject: CheckSubject) => string | undefined) =>
  inEachService((service, subject) =>
    imaged(service).flatMap((one) => {
      const message = what(one, subject)
      return message === undefined ? [] : [foundIn(one, message)]
    }),
  )

const unnamed = inEachService((service): Found[] => {
  const built = inService(service, 'build') !== undefined
  if (service.image !== undefined && parseImageReference(service.image) !== undefined) return []
  const what =
    service.image === undefined
      ? `names no image${built ? ': `build` reaches no swarm' : ''}`
      : `names '${service.image.slice(0, 120)}', which is no reference of an image`
  return [
    {
      message: `Service ${service.name} ${what}.`,
      subject: { service: service.name },
      at: [...service.path, 'image'],
    },
  ]
})

/** Whether an image lies below a registry or a path of one. */
const liesBelow = ({ registry, repository }: ImageReference, prefix: string): boolean =>
  `${registry}/${repository}/`.startsWith(`${prefix}/`)

const isOwnRegistry = ({ registry }: ImageReference, rights: TenantRights): boolean =>
  registry === rights.registry

/** The namespace of images that the platform gives to everybody. Source: our choice, as for content trust (src/cluster/schema.ts). */
const platformNamespace = 'platform/'

const foreignRegistry = byReference(({ service, reference }, { rights }) =>
  reference === undefined ||
  isOwnRegistry(reference, rights) ||
  rights.settings.registries.some((prefix) => liesBelow(reference, prefix))
    ? undefined
    : `Image ${reference.registry}/${reference.repository} of service ${service.name} is from a registry that is not allowed on ${rights.cluster}.`,
)

const foreignRepository = byReference(({ service, reference }, { rights }) => {
  if (reference === undefined || !isOwnRegistry(reference, rights)) return undefined
  const { repository } = reference
  if (repository.startsWith(platformNamespace) || rights.repositories.has(repository)) return undefined
  if (rights.settings.registries.some((prefix) => liesBelow(reference, prefix))) return undefined
  return `Repository ${repository} of service ${service.name} is none that ${rights.organization} runs on ${rights.cluster}.`
})

/** Tags that move by custom, as a whole or before a `-`: what runs tomorrow is not what was checked today. */
const moving =
  /^(?:latest|stable|edge|nightly|main|master|trunk|head|dev|devel|develop|snapshot|current|lts|rolling|canary|next)(?:-|$)|-(?:latest|snapshot)$/i

const movingTag = byReference(({ service, reference }) => {
  if (reference === undefined || reference.digest !== undefined) return undefined
  if (reference.tag === undefined)
    return `Image ${reference.repository} of service ${service.name} has no tag, which means 'latest'.`
  return moving.test(reference.tag)
    ? `Tag '${reference.tag}' of ${reference.repository} in service ${service.name} moves.`
    : undefined
})

type SignedFacts = Extract<TrustFacts, { state: 'signed' }>

/** By its members' keys, which UCP goes by too; by the name of the role where nobody told whose key is whose. */
const hasSigned = ({ keys, signers }: SignedFacts, team: string, known: SignerKeys | undefined): boolean =>
  keys === undefined || known === undefined
    ? signers.includes(`targets/${team}`)
    : keys.some((key) => known.get(team)?.has(key) === true)

/** Why an image does not count as signed, as the end of a sentence; undefined where it does. */
const unsignedBecause = (
  { trust, digest }: Pick<ImageFacts, 'trust' | 'digest'>,
  { rights, signerKeys }: CheckSubject,
): string | undefined => {
  if (trust.state === 'unknown') return `is not known to be signed: ${trust.reason}`
  if (trust.state === 'unsigned') return 'is not signed'
  if (digest !== undefined && trust.digest !== digest)
    return 'is signed with another digest: the tag was pushed again since'
  const absent = rights.signers.filter((team) => !hasSigned(trust, team, signerKeys))
  return absent.length === 0 ? undefined : `lacks the signature of ${absent.join(' and ')}`
}

const unsigned = (subject: CheckSubject): readonly Found[] =>
  !subject.rights.mustBeSigned
    ? []
    : onceEach(subject).flatMap((one) => {
        const facts = subject.images.get(one.image)
        const why = facts === undefined ? undefined : unsignedBecause(facts, subject)
        return why === undefined ? [] : [foundIn(one, `Image ${one.image} ${why}.`)]
      })

const notRead = (subject: CheckSubject): readonly Found[] =>
  onceEach(subject)
    .filter(({ image }) => !subject.images.has(image))
    .map((one) =>
      foundIn(
        one,
        `Image ${one.image} was not read: ${subject.unread.get(one.image) ?? 'what is in it is not known.'}`,
      ),
    )

/** Gaps that a rule of its own does not report: the user's stands there, malware's and trust's too. */
const notWhole = (subject: CheckSubject): readonly Found[] =>
  onceEach(subject).flatMap((one) =>
    (subject.images.get(one.image)?.gaps ?? []).map(({ about, reason, layer }) =>
      foundIn(
        one,
        `Image ${one.image} was not read whole (${about}${layer === undefined ? '' : `, layer ${layer + 1}`}): ${reason}`,
        `${about}${layer === undefined ? '' : `.${layer}`}`,
      ),
    ),
  )

export const imageRules: readonly Rule[] = [
  {
    id: 'image/unnamed',
    title: 'Every service names an image',
    severity: 'high',
    needs: 'files',
    why: 'A swarm builds nothing: hosts pull images by reference. What has no reference was never scanned.',
    fix: 'Build and push the image in the pipeline, and name it with `image`.',
    find: unnamed,
  },
  {
    id: 'image/registry',
    title: 'Images are from allowed registries',
    severity: 'high',
    needs: 'files',
    why: "What is pulled from elsewhere was neither scanned nor signed here, and may be gone tomorrow. A name without a registry is Docker Hub's.",
    fix: "Push the image to the cluster's registry, or have the registry added to `compliance.registries` of the cluster file, and to `registries` of compliance.ts where that has a list.",
    find: foreignRegistry,
  },
  {
    id: 'image/repository',
    title: "Images are the tenant's own, or the platform's",
    severity: 'high',
    needs: 'files',
    why: "Another tenant's image changes when its owner likes. On production only released repositories run: into them nobody pushes, images are promoted.",
    fix: 'Name the repository in `applications.*.repositories` of the tenant file; on production the released one, which ends in `-prod`.',
    find: foreignRepository,
  },
  {
    id: 'image/moving-tag',
    title: 'Tags are pinned',
    severity: 'medium',
    needs: 'files',
    why: 'A tag that moves runs different images on different hosts, and a rollback rolls nothing back.',
    fix: 'Name a version, or a digest (`@sha256:…`).',
    find: movingTag,
  },
  {
    id: 'image/not-read',
    title: 'Every image was looked into',
    severity: 'high',
    needs: 'images',
    why: 'What nobody looked into is not known to be harmless.',
    fix: 'Give the image to the check: from a registry, a tar of `docker save`, an OCI layout or the engine; or check the files alone with --static.',
    find: notRead,
  },
  {
    id: 'image/not-whole',
    title: 'Every image was read to its end',
    severity: 'high',
    needs: 'images',
    why: 'A reader that stopped early says nothing of the rest: a damaged or hostile layer would hide what comes after it.',
    fix: 'Build and push the image again; where it holds what the reader refuses, build it without.',
    find: notWhole,
  },
  {
    id: 'image/unsigned',
    title: 'Images are signed where the cluster asks for it',
    severity: 'high',
    needs: 'images',
    why: "The engine refuses an image that lacks a signature, at the moment when a host fails and its containers are started elsewhere. The trust data of the image's registry is verified from its root to the tag; an image that was pushed again, trust data that is broken, incomplete or over, and an image that was not read from its registry count as not signed. A team has signed where a key of one of its members did, as UCP knows their keys; of facts that were written down, where a role of its name did.",
    fix: "Sign the tag: `docker trust sign <image>`, by a member of every team that the cluster file names, with the key of the member's client bundle. Where it is not known, read the image with --images registry, and see that its trust data is whole and current.",
    find: unsigned,
  },
]
