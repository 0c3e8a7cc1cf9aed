import { describe, expect, it } from 'vitest'
import { checkStack } from '../../src/compliance/check.ts'
import type { ComplianceRule } from '../../src/exception/compliance-rule.ts'
import { factsOf, layered, type MadeImage } from '../image/make-image.ts'
import { type MadeEntry, makeTar } from '../image/make-tar.ts'
import { type Case, goodFacts, image, requestOf } from './stack-case.ts'

const passwd = (...lines: string[]): MadeEntry => ({ name: 'etc/passwd', content: `${lines.join('\n')}\n` })
const root = 'root:x:0:0:root:/root:/bin/sh'
const app = 'shop:x:1000:1000::/:/bin/sh'
const toor = 'toor:x:0:0::/:/bin/sh'
const accounts = passwd(root, app)

const capability = Buffer.alloc(20)
capability.writeUInt32LE(0x02000001, 0)
capability.writeUInt32LE(1 << 21, 4)

/** What the rules find in an image that was made by hand and read layer by layer, run by the good stack. */
const rulesIn = async (made: MadeImage, stack: Case['stack']): Promise<readonly ComplianceRule[]> => {
  const facts = { ...(await factsOf(made)), reference: image, malware: goodFacts().malware }
  const request = requestOf({ asked: ['files', 'images'], ...(stack === undefined ? {} : { stack }) })
  const { open } = checkStack({ ...request, images: new Map([[image, facts]]) })
  return open.map(({ finding }) => finding.rule)
}

const asImage: Case['stack'] = (_, service) => void delete service.user
const as =
  (user: string): Case['stack'] =>
  (_, service) =>
    void Object.assign(service, { user })

const setUid: MadeEntry = { name: 'bin/a', mode: 0o4755 }

interface Hidden {
  readonly finds: ComplianceRule
  readonly made: MadeImage
  readonly stack?: Case['stack']
}

const hidden: Readonly<Record<string, Hidden>> = {
  'a set-uid file of an earlier layer that a later one deletes': {
    finds: 'root/set-uid',
    made: layered([[accounts, setUid], [{ name: 'bin/.wh.a' }]], 'shop'),
  },
  'a set-uid file of an earlier layer whose folder a later one empties': {
    finds: 'root/set-uid',
    made: layered([[accounts, setUid], [{ name: 'bin/.wh..wh..opq' }]], 'shop'),
  },
  'a set-uid file of an earlier layer that a later one replaces': {
    finds: 'root/set-uid',
    made: layered([[accounts, setUid], [{ name: 'bin/a', mode: 0o755 }]], 'shop'),
  },
  'a set-uid file by another link to it': {
    finds: 'root/set-uid',
    made: layered([[accounts, setUid, { name: 'opt/x', type: '1', linkName: 'bin/a', mode: 0o644 }]], 'shop'),
  },
  'a set-gid file that is deleted later': {
    finds: 'root/set-gid',
    made: layered([[accounts, { name: 'bin/a', mode: 0o2755 }], [{ name: 'bin/.wh.a' }]], 'shop'),
  },
  'a file capability that is deleted later': {
    finds: 'root/file-capability',
    made: layered(
      [
        [accounts, { name: 'bin/a', mode: 0o755, pax: { 'SCHILY.xattr.security.capability': capability } }],
        [{ name: '.wh.bin' }],
      ],
      'shop',
    ),
  },
  'su as a link to a box of tools': {
    finds: 'root/escalation-tool',
    made: layered(
      [
        [
          accounts,
          { name: 'bin/busybox', mode: 0o755 },
          { name: 'usr/x/su', type: '2', linkName: '/bin/busybox' },
        ],
      ],
      'shop',
    ),
  },
  'an /etc/passwd that everybody may write': {
    finds: 'root/writable-account-file',
    made: layered([[{ ...accounts, mode: 0o666 }]], 'shop'),
  },
  'an /etc that everybody may write': {
    finds: 'root/writable-account-file',
    made: layered([[{ name: 'etc', type: '5', mode: 0o777 }, accounts]], 'shop'),
  },
  'uid 0 under another name, which the image runs as': {
    finds: 'root/image-user',
    made: layered([[passwd(root, toor)]], 'toor'),
    stack: asImage,
  },
  'uid 0 under another name, which the stack names': {
    finds: 'root/user',
    made: layered([[passwd(root, app, toor)]], 'shop'),
    stack: as('toor'),
  },
  'uid 0 under another name, which nobody names yet': {
    finds: 'root/uid-zero-name',
    made: layered([[passwd(root, app, toor)]], 'shop'),
  },
  'uid 0 under the name of a later layer': {
    finds: 'root/image-user',
    made: layered([[accounts], [passwd(root, 'shop:x:0:0::/:/bin/sh')]], 'shop'),
    stack: asImage,
  },
  'uid 0 behind a link to the accounts': {
    finds: 'root/image-user',
    made: layered(
      [
        [
          { name: 'etc/passwd', type: '2', linkName: '../opt/p' },
          { name: 'opt/p', content: `${root}\n${toor}\n` },
        ],
      ],
      'toor',
    ),
    stack: asImage,
  },
  'zero by its number': { finds: 'root/image-user', made: layered([[accounts]], '00'), stack: asImage },
  'a group without a user': {
    finds: 'root/image-user',
    made: layered([[accounts]], ':1000'),
    stack: asImage,
  },
  'a user that only a folder of the host could give': {
    finds: 'root/image-user',
    made: layered([[accounts], [{ name: 'etc/.wh.passwd' }]], 'shop'),
    stack: asImage,
  },
  'a layer that leads out of the image': {
    finds: 'image/not-whole',
    made: {
      ...layered([[accounts]], 'shop'),
      layers: [makeTar([accounts]), makeTar([{ name: '../../etc/x' }])],
    },
  },
  'a secret in the environment of the image': {
    finds: 'secret/in-image',
    made: { layers: [makeTar([accounts])], config: { User: 'shop', Env: ['DB_PASSWORD=hunter2'] } },
  },
}

describe('what hides in an image', () => {
  it('has a twin in which nothing is wrong', async () => {
    expect(await rulesIn(layered([[accounts, { name: 'bin/a', mode: 0o755 }]], 'shop'), asImage)).toEqual([])
  })

  it.each(Object.entries(hidden))('is found: %s', async (_, { finds, made, stack }) => {
    expect(await rulesIn(made, stack)).toContain(finds)
  })
})
