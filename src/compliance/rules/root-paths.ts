import type { ComplianceRule } from '../../exception/compliance-rule.ts'
import type { ImageFacts, RootPath, RootPathKind } from '../image-facts.ts'
import type { CheckSubject, Found, Rule } from '../rule.ts'
import { onceEach } from '../view/imaged.ts'

/** What a file is, in words, after its path. */
const words: Readonly<Record<RootPathKind, string>> = {
  'set-uid': 'runs with the rights of its owner (set-uid)',
  'set-gid': 'runs with the rights of its group (set-gid)',
  'file-capability': 'holds capabilities',
  'escalation-tool': 'is there to become another user',
  'writable-account-file': 'may be written by others than root',
}

const octal = (mode: number): string => (mode & 0o7777).toString(8).padStart(4, '0')

const traits = ({ mode, uid, gid, capabilities }: RootPath): string =>
  [`mode ${octal(mode)}`, `owner ${uid}:${gid}`, ...(capabilities === undefined ? [] : [capabilities])].join(
    ', ',
  )

const hidden = ({ inMergedView }: RootPath): string =>
  inMergedView ? '' : '; a later layer removes or replaces it, and whoever runs this layer has it still'

const sentence = (image: string, one: RootPath, { layers }: ImageFacts): string => {
  const by = layers[one.layer]?.createdBy
  const made = by === undefined ? '' : ` (${by.slice(0, 80)})`
  return `${one.path} of image ${image} ${words[one.kind]}: ${traits(one)}, layer ${one.layer + 1}${made}${hidden(one)}.`
}

/** A file that a later layer removes is another finding than the same file still there. */
const detailOf = ({ path, inMergedView }: RootPath): string => (inMergedView ? path : `${path} (hidden)`)

const ofKind =
  (kind: RootPathKind) =>
  (subject: CheckSubject): readonly Found[] =>
    onceEach(subject).flatMap(({ service, image }) => {
      const facts = subject.images.get(image)
      return (facts?.rootPaths ?? [])
        .filter((one) => one.kind === kind)
        .map((one) => ({
          message: sentence(image, one, facts as ImageFacts),
          subject: { image, detail: detailOf(one) },
          at: [...service.path, 'image'],
        }))
    })

const uidZero = (subject: CheckSubject): readonly Found[] =>
  onceEach(subject).flatMap(({ service, image }) =>
    (subject.images.get(image)?.uidZeroNames ?? [])
      .filter((name) => name !== 'root')
      .map((name) => ({
        message: `Account '${name}' of image ${image} is uid 0: root under another name.`,
        subject: { image, detail: name },
        at: [...service.path, 'image'],
      })),
  )

const pathRule = (kind: RootPathKind, rest: Pick<Rule, 'title' | 'severity' | 'why' | 'fix'>): Rule => ({
  id: `root/${kind}` satisfies ComplianceRule,
  needs: 'images',
  find: ofKind(kind),
  ...rest,
})

const layersWhy =
  'A file that a later layer removes counts too: it is in the image, and a container of the lower layer has it.'

export const rootPathRules: readonly Rule[] = [
  pathRule('set-uid', {
    title: 'No file of the image is set-uid',
    severity: 'high',
    why: `A set-uid file of root runs as root whoever starts it: each is a way up. ${layersWhy}`,
    fix: 'Build the image without: `RUN chmod a-s` in the same layer that brings the file, or a base image that has none.',
  }),
  pathRule('set-gid', {
    title: 'No file of the image is set-gid',
    severity: 'medium',
    why: `A set-gid file gives the rights of its group, among them groups that may read passwords. ${layersWhy}`,
    fix: 'Build the image without: `RUN chmod a-s` in the same layer that brings the file, or a base image that has none.',
  }),
  pathRule('file-capability', {
    title: 'No file of the image holds capabilities',
    severity: 'high',
    why: `A file with capabilities lifts whoever starts it, unseen by whoever looks for set-uid. ${layersWhy}`,
    fix: 'Build the image without: `setcap -r` in the same layer that brings the file.',
  }),
  pathRule('escalation-tool', {
    title: 'The image has no sudo, su or doas',
    severity: 'high',
    why: `Their one purpose is another user's rights; a container has one user. ${layersWhy}`,
    fix: 'Build from a base image without them, or remove the package in the same layer.',
  }),
  pathRule('writable-account-file', {
    title: 'Nobody but root may write the accounts',
    severity: 'critical',
    why: `Whoever writes /etc/passwd writes an account with uid 0 and is root. ${layersWhy}`,
    fix: 'Leave owner root and modes 644 (passwd, group) and 640 (shadow, gshadow, sudoers); images that need a name for a chosen uid use nss_wrapper.',
  }),
  {
    id: 'root/uid-zero-name',
    title: 'No account but root has uid 0',
    severity: 'critical',
    needs: 'images',
    why: 'Root under another name passes every check that looks for the name.',
    fix: 'Give the account a uid of its own in the image.',
    find: uidZero,
  },
]
