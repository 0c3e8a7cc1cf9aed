import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { ImageFacts } from '../../src/compliance/image-facts.ts'
import { Refusal } from '../../src/image/refusal.ts'
import { factsOf, layered, type MadeImage } from './make-image.ts'
import { oldSparse, sparse01 } from './make-sparse.ts'
import { endOfTar, type MadeEntry, makeTar, tarEntry, withSum } from './make-tar.ts'

const passwd = (...lines: string[]): MadeEntry => ({ name: 'etc/passwd', content: `${lines.join('\n')}\n` })
const root = 'root:x:0:0:root:/root:/bin/sh'

const rootPaths = ({ rootPaths: found }: ImageFacts): string[] =>
  found.map(
    ({ kind, path, layer, inMergedView }) => `${layer} ${path} ${kind}${inMergedView ? '' : ' (gone)'}`,
  )

const userOf = async (image: MadeImage): Promise<number | undefined> => (await factsOf(image)).user.uid

describe('the default user', () => {
  it.each([
    ['nothing said', '', [root], 0],
    ['a name', 'app', [root, 'app:x:1000:1000::/:/bin/sh'], 1000],
    ['a number that no file knows', '4711', [root], 4711],
    ['uid 0 under another name', 'toor', [root, 'toor:x:0:0::/:/bin/sh'], 0],
    ['zero written otherwise', '+00', [root], 0],
    ['a uid that is no number, which counts as 0', 'app', ['app:x:one:1::/:/bin/sh'], 0],
    ['a line without a uid', 'app', ['app'], 0],
    ['a uid that loses its upper bits', 'app', ['app:x:4294967296:1::/:/bin/sh'], 0],
    ['the first of two lines', 'app', ['app:x:0:0::/:', 'app:x:1000:1000::/:'], 0],
    ['a name that is a number', '1000', ['1000:x:0:0::/:'], 1000],
    ['a name that is nowhere', 'nobody', [root], undefined],
    ['a group beside a number', '1000:0', [root], 1000],
    ['only a group', ':1000', [root], 0],
  ])('%s', async (_, user, lines, uid) => {
    expect(await userOf(layered([[passwd(...lines)]], user))).toBe(uid)
  })

  it('is looked up in the highest layer’s file', async () => {
    const image = layered([[passwd('app:x:1000:1000::/:')], [passwd('app:x:0:0::/:')]], 'app')
    expect(await userOf(image)).toBe(0)
  })

  it('is looked up behind links: of the file, of its folder, and hard ones', async () => {
    const real: MadeEntry = { name: 'data/accounts', content: 'app:x:0:0::/:\n' }
    const ways: MadeEntry[][] = [
      [real, { name: 'etc/passwd', type: '2', linkName: '../data/accounts' }],
      [real, { name: 'etc/passwd', type: '2', linkName: '/data/accounts' }],
      [real, { name: 'etc/passwd', type: '1', linkName: 'data/accounts' }],
      [
        { name: 'data/passwd', content: 'app:x:0:0::/:\n' },
        { name: 'etc', type: '2', linkName: 'data' },
      ],
    ]
    for (const way of ways) expect(await userOf(layered([way], 'app'))).toBe(0)
  })

  it('heeds what is written through a link of a lower layer', async () => {
    const image = layered(
      [
        [passwd('app:x:1000:1000::/:'), { name: 'conf', type: '2', linkName: 'etc' }],
        [{ name: 'conf/passwd', content: 'app:x:0:0::/:\n' }],
      ],
      'app',
    )
    expect(await userOf(image)).toBe(0)
  })

  it('is not found in a file that is hidden by a whiteout, an opaque folder or what takes the folder’s place', async () => {
    const hiders: MadeEntry[] = [
      { name: 'etc/.wh.passwd' },
      { name: 'etc/.wh..wh..opq' },
      { name: '.wh.etc' },
      { name: 'etc', content: 'a file' },
    ]
    for (const hider of hiders)
      expect(await userOf(layered([[passwd('app:x:0:0::/:')], [hider]], 'app'))).toBeUndefined()
  })

  it('survives links that run in a circle', async () => {
    const image = layered([[{ name: 'etc/passwd', type: '2', linkName: 'passwd' }]], 'app')
    expect(await userOf(image)).toBeUndefined()
  })

  it('is a gap where the list of accounts was not read', async () => {
    const big: MadeEntry = { name: 'data/blob', content: Buffer.alloc(300_000, 'x') }
    const facts = await factsOf(
      layered([[big, { name: 'etc/passwd', type: '2', linkName: '/data/blob' }]], 'app'),
    )
    expect(facts.user).toEqual({ declared: 'app' })
    expect(facts.gaps).toMatchObject([{ about: 'user' }])
  })

  it('tells every name with uid 0', async () => {
    const facts = await factsOf(layered([[passwd(root, 'app:x:5:5::/:', 'toor:x:0:0::/:')]]))
    expect(facts.uidZeroNames).toEqual(['root', 'toor'])
  })

  it('resolves the group by name, by number and from the account', async () => {
    const group: MadeEntry = { name: 'etc/group', content: 'staff:x:50:\n' }
    const gidOf = async (user: string) =>
      (await factsOf(layered([[passwd('app:x:7:8::/:'), group]], user))).user.gid
    expect(await Promise.all(['app', 'app:staff', 'app:0', '9', 'app:none'].map(gidOf))).toEqual([
      8,
      50,
      0,
      0,
      undefined,
    ])
  })
})

describe('ways to root', () => {
  it('tells set-uid and set-gid files, with execute bits only', async () => {
    const facts = await factsOf(
      layered([
        [
          { name: 'bin/a', mode: 0o4755 },
          { name: 'bin/b', mode: 0o2755 },
          { name: 'bin/c', mode: 0o4644 },
          { name: 'var/d', type: '5', mode: 0o2755 },
        ],
      ]),
    )
    expect(rootPaths(facts)).toEqual(['0 /bin/a set-uid', '0 /bin/b set-gid'])
  })

  it.each<[string, MadeEntry]>([
    ['a whiteout', { name: 'bin/.wh.a' }],
    ['a whiteout of its folder', { name: '.wh.bin' }],
    ['an opaque folder', { name: 'bin/.wh..wh..opq' }],
    ['another file', { name: 'bin/a', mode: 0o755 }],
    ['a link in place of its folder', { name: 'bin', type: '2', linkName: 'usr' }],
    ['a device that an overlay takes for a whiteout', { name: 'bin/a', type: '3', device: [0, 0] }],
  ])('tells a set-uid file of a lower layer that %s takes away', async (_, remover) => {
    const facts = await factsOf(layered([[{ name: 'bin/a', mode: 0o4755 }], [remover]]))
    expect(rootPaths(facts)).toEqual(['0 /bin/a set-uid (gone)'])
  })

  it('tells a tool whose name and size stand in the records of a sparse file', async () => {
    const sparse = sparse01({ name: 'usr/bin/sudo', sizeBytes: 9, parts: [{ from: 3, content: 'sudo' }] })
    const tar = Buffer.from(Buffer.concat([sparse, endOfTar]))
    // The header of the file itself, behind the pax header and its content.
    tar.write('0004755\0', 1024 + 100, 'latin1')
    withSum(tar.subarray(1024, 1536))
    expect(rootPaths(await factsOf({ layers: [tar] }))).toEqual([
      '0 /usr/bin/sudo escalation-tool',
      '0 /usr/bin/sudo set-uid',
    ])
  })

  it('does not let a whiteout hide what its own layer brings', async () => {
    const entries: MadeEntry[] = [{ name: 'bin/a', mode: 0o4755 }, { name: 'bin/.wh..wh..opq' }]
    expect(rootPaths(await factsOf(layered([entries])))).toEqual(['0 /bin/a set-uid'])
  })

  it('tells what the same layer replaces', async () => {
    const entries: MadeEntry[] = [
      { name: 'bin/a', mode: 0o4755 },
      { name: './bin//a', mode: 0o755 },
    ]
    expect(rootPaths(await factsOf(layered([entries])))).toEqual(['0 /bin/a set-uid (gone)'])
  })

  it('follows hard links, in the layer and below it', async () => {
    const facts = await factsOf(
      layered([
        [
          { name: 'bin/a', mode: 0o4755 },
          { name: 'bin/b', type: '1', linkName: 'bin/a', mode: 0o644 },
        ],
        [{ name: 'bin/c', type: '1', linkName: '/bin/b', mode: 0o644 }],
      ]),
    )
    expect(rootPaths(facts)).toEqual(['0 /bin/a set-uid', '0 /bin/b set-uid', '1 /bin/c set-uid'])
  })

  it('tells capabilities by name', async () => {
    const capability = Buffer.alloc(20)
    capability.writeUInt32LE(0x02000001, 0)
    capability.writeUInt32LE((1 << 13) | (1 << 10), 4)
    const facts = await factsOf(
      layered([[{ name: 'bin/ping', mode: 0o755, pax: { 'SCHILY.xattr.security.capability': capability } }]]),
    )
    expect(facts.rootPaths).toMatchObject([
      { kind: 'file-capability', capabilities: 'cap_net_bind_service,cap_net_raw+ep' },
    ])
  })

  it('tells tools by name: files that may run, links to them', async () => {
    const facts = await factsOf(
      layered([
        [
          { name: 'opt/x/sudo', mode: 0o755 },
          { name: 'opt/x/doas', mode: 0o644 },
          { name: 'bin/su', type: '2', linkName: '/bin/busybox' },
          { name: 'bin/busybox', mode: 0o755 },
          { name: 'bin/runuser', type: '1', linkName: 'bin/busybox' },
        ],
      ]),
    )
    expect(rootPaths(facts)).toEqual([
      '0 /bin/runuser escalation-tool',
      '0 /bin/su escalation-tool',
      '0 /opt/x/sudo escalation-tool',
    ])
  })

  it('tells account files that others may write, also behind links, and their folder', async () => {
    const facts = await factsOf(
      layered([
        [
          { name: 'etc', type: '5', mode: 0o777 },
          { name: 'etc/passwd', mode: 0o664 },
          { name: 'etc/group', mode: 0o644, uid: 1000 },
          { name: 'etc/gshadow', mode: 0o640 },
          { name: 'etc/sudoers.d/app', mode: 0o666 },
          { name: 'data/shadow', mode: 0o666, content: 'root:*:1:0:99999:7:::\n' },
          { name: 'etc/shadow', type: '2', linkName: '../data/shadow' },
        ],
      ]),
    )
    const kind = 'writable-account-file'
    expect(rootPaths(facts)).toEqual([
      `0 /data/shadow ${kind}`,
      `0 /etc ${kind}`,
      `0 /etc/group ${kind}`,
      `0 /etc/passwd ${kind}`,
      `0 /etc/sudoers.d/app ${kind}`,
    ])
  })
})

describe('broken and hostile layers', () => {
  const hostile: [string, Buffer, RegExp][] = [
    ['an entry that leads out', makeTar([{ name: '../../etc/passwd' }]), /leads out of the image/],
    ['an entry that leads out in the middle', makeTar([{ name: 'a/../../b' }]), /leads out of the image/],
    [
      'an attribute of the overlay',
      makeTar([{ name: 'etc', type: '5', pax: { 'SCHILY.xattr.trusted.overlay.redirect': '/evil' } }]),
      /overlay/,
    ],
    [
      'holes without end',
      Buffer.concat([oldSparse({ name: 'a', sizeBytes: 2 ** 40, parts: [] }), endOfTar]),
      /holes of more than/,
    ],
    [
      'a layer that ends early',
      makeTar([{ name: 'a', content: 'x'.repeat(2000) }]).subarray(0, 1000),
      /ends \d+ bytes before/,
    ],
  ]

  it.each(hostile)('tells %s as a gap of the layer', async (_, layer, reason) => {
    const facts = await factsOf({ layers: [makeTar([]), layer] })
    expect(facts.gaps).toMatchObject([{ about: 'layer', layer: 1, reason: expect.stringMatching(reason) }])
  })

  it('does not claim a user by name where a layer was not read', async () => {
    const broken = makeTar([{ name: 'a', type: 'S' }])
    const image = { layers: [makeTar([passwd('app:x:1000:1000::/:')]), broken], config: { User: 'app' } }
    const facts = await factsOf(image)
    expect(facts.user).toEqual({ declared: 'app' })
    expect(facts.gaps.map(({ about }) => about)).toEqual(['layer', 'user'])
  })

  it('tells a bomb as a gap, in a moment', async () => {
    const tar = makeTar([{ name: 'zeros', content: Buffer.alloc(8 * 1024 ** 2) }])
    const limits = { expansion: 100, expansionFromBytes: 1024 ** 2 }
    const facts = await factsOf({ layers: [tar] }, { limits, stored: [gzipSync(tar)] })
    expect(facts.gaps).toMatchObject([{ about: 'layer', reason: expect.stringMatching(/made to fill/) }])
  })

  it('tells too many entries, and too long names', async () => {
    const many = { layers: [makeTar(Array.from({ length: 20 }, (_, at) => ({ name: `f${at}` })))] }
    expect((await factsOf(many, { limits: { entries: 10 } })).gaps[0]?.reason).toMatch(/more than 10 entries/)
    expect((await factsOf(many, { limits: { pathBytes: 10 } })).gaps[0]?.reason).toMatch(
      /longer than 10 bytes/,
    )
  })

  it('counts the limits over all layers', async () => {
    const layers = Array.from({ length: 3 }, (_, layer) =>
      makeTar(Array.from({ length: 5 }, (_, at) => ({ name: `${layer}/${at}` }))),
    )
    expect((await factsOf({ layers }, { limits: { entries: 12 } })).gaps).toMatchObject([{ layer: 2 }])
  })

  it('refuses a layer that is not the one the configuration names', async () => {
    const image = { layers: [makeTar([])], diffIds: [`sha256:${'0'.repeat(64)}`] }
    await expect(factsOf(image)).rejects.toThrow(Refusal)
    await expect(factsOf(image)).rejects.toThrow(/should have the digest/)
  })

  it('counts what stands behind the end of the archive into the digest, and does not read it', async () => {
    const layer = Buffer.concat([makeTar([{ name: 'a' }]), tarEntry({ name: 'b', mode: 0o4755 }), endOfTar])
    const facts = await factsOf({ layers: [layer] })
    expect(facts.rootPaths).toEqual([])
    expect(facts.layers[0]?.tarBytes).toBe(layer.length)
  })
})

it('tells the configuration and the layers', async () => {
  const layers = [makeTar([{ name: 'a', content: 'hello' }])]
  const config = {
    Env: ['A=b'],
    Labels: { l: 'v' },
    Entrypoint: ['/a'],
    Cmd: ['b'],
    Healthcheck: { Test: ['NONE'] },
    ExposedPorts: { '80/tcp': {} },
    Volumes: { '/data': {} },
  }
  const facts = await factsOf({ layers, config }, { stored: layers.map((layer) => gzipSync(layer)) })
  expect(facts.configuration).toEqual({
    environment: ['A=b'],
    labels: { l: 'v' },
    entrypoint: ['/a'],
    command: ['b'],
    healthCheck: false,
    exposedPorts: ['80/tcp'],
    volumes: ['/data'],
  })
  expect(facts.platform).toBe('linux/amd64')
  expect(facts.layers).toMatchObject([{ entries: 1, tarBytes: layers[0]?.length, createdBy: 'RUN step 0' }])
  expect(facts.malware.state).toBe('not-scanned')
  expect(JSON.parse(JSON.stringify(facts))).toEqual(facts)
})
