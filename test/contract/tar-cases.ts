import { type MadePart, sparse00, sparse01, sparse10, sparseForms } from '../image/make-sparse.ts'
import { endOfTar, makeTar, metaEntry, paxContent, tarEntry, withSum } from '../image/make-tar.ts'

/** A number in GNU's binary form, highest byte first, the first bit set. */
export const base256 = (value: bigint, length: number): Buffer => {
  const bytes = Buffer.alloc(length)
  let left = BigInt.asUintN(length * 8, value)
  for (let at = length - 1; at >= 0; at--) {
    bytes[at] = Number(left & 0xffn)
    left >>= 8n
  }
  bytes[0] = (bytes[0] ?? 0) | 0x80
  return bytes
}

/** The tar with bytes of its first header replaced, its checksum right again. */
const withField = (tar: Buffer, at: number, bytes: Buffer | string): Buffer => {
  const changed = Buffer.from(tar)
  Buffer.from(bytes).copy(changed, at)
  withSum(changed.subarray(0, 512))
  return changed
}

const parts: readonly MadePart[] = [
  { from: 512, content: 'a'.repeat(512) },
  { from: 4096, content: 'b'.repeat(100) },
]
const many: readonly MadePart[] = Array.from({ length: 60 }, (_, at) => ({
  from: at * 1024,
  content: String.fromCharCode(65 + (at % 26)).repeat(512),
}))
const sparse = { name: 'opt/sparse', sizeBytes: 70_000, parts }
const after = Buffer.concat([tarEntry({ name: 'after', content: 'after' }), endOfTar])
const then = (...entries: Buffer[]): Buffer => Buffer.concat([...entries, after])

const sparseCases = Object.entries(sparseForms).flatMap(([form, make]): [string, Buffer][] => [
  [`sparse ${form}`, then(make(sparse))],
  [`sparse ${form}, many parts`, then(make({ ...sparse, parts: many }))],
  [`sparse ${form}, nothing but a hole`, then(make({ ...sparse, parts: [] }))],
  [
    `sparse ${form}, no hole`,
    then(make({ name: 'x', sizeBytes: 5, parts: [{ from: 0, content: 'hello' }] })),
  ],
  [
    `sparse ${form}, an empty part at its end`,
    then(make({ ...sparse, parts: [{ from: 70_000, content: '' }] })),
  ],
  [
    `sparse ${form}, parts over each other`,
    then(make({ ...sparse, parts: [...parts, { from: 4100, content: 'c' }] })),
  ],
  [`sparse ${form}, parts not in order`, then(make({ ...sparse, parts: [...parts].reverse() }))],
  [`sparse ${form}, a part beyond its end`, then(make({ ...sparse, sizeBytes: 4100 }))],
  [`sparse ${form}, cut in its content`, make(sparse).subarray(0, -400)],
  [`sparse ${form}, holes without end`, then(make({ ...sparse, sizeBytes: 600 * 2 ** 20 }))],
])

const link = { name: 'link', type: '1', linkName: 'a' }
const xattr = {
  'SCHILY.xattr.security.capability': Buffer.from([1, 0, 0, 2, 0, 255]),
  'SCHILY.xattr.user.empty': '',
}
const plain = makeTar([{ name: 'a', content: 'hello' }])
const star = (() => {
  const block = Buffer.from(tarEntry({ name: 'star' }))
  block.write('tar\0', 508, 'latin1')
  block.write('folder', 345, 'latin1')
  return withSum(block)
})()

/** Tars by what is odd about them, each small. */
export const tarCases: readonly (readonly [string, Buffer])[] = [
  ...sparseCases,
  [
    'long names of GNU',
    then(
      metaEntry('L', Buffer.from(`${'l/'.repeat(200)}name\0`)),
      metaEntry('K', Buffer.from('target\0')),
      tarEntry(link),
    ),
  ],
  ['an empty long name', then(metaEntry('L', Buffer.from('\0')), tarEntry({ name: 'short' }))],
  [
    'pax path and linkpath',
    then(tarEntry({ ...link, pax: { path: 'p'.repeat(300), linkpath: 'l'.repeat(300) } })),
  ],
  ['GNU over pax', then(metaEntry('L', Buffer.from('gnu\0')), tarEntry({ name: 'a', pax: { path: 'pax' } }))],
  ['a sparse name over GNU', then(metaEntry('L', Buffer.from('gnu\0')), sparse01(sparse))],
  ['attributes', then(tarEntry({ name: 'a', content: 'x', pax: xattr }))],
  [
    'a global header',
    then(
      metaEntry('g', paxContent({ path: 'global', size: '1' })),
      tarEntry({ name: 'own', content: 'own' }),
    ),
  ],
  [
    'a global header between',
    then(
      metaEntry('x', paxContent({ path: 'lost' })),
      metaEntry('g', paxContent({ a: 'b' })),
      tarEntry({ name: 'own' }),
    ),
  ],
  [
    'two pax headers',
    then(
      metaEntry('x', paxContent({ path: 'first', uid: '7' })),
      metaEntry('x', paxContent({ gid: '8' })),
      tarEntry({ name: 'own' }),
    ),
  ],
  [
    'every type',
    makeTar(
      ['0', '\0', '1', '2', '3', '4', '5', '6'].map((type) => ({
        name: `t${type.charCodeAt(0)}`,
        type,
        linkName: 'x',
        device: [8, 1] as const,
      })),
    ),
  ],
  [
    'types that claim content',
    then(...['1', '2', '3', '4', '5', '6'].map((type) => tarEntry({ name: 'x', type, size: 5 }))),
  ],
  ['a type that nobody knows', then(tarEntry({ name: 'x', type: 'Z', content: 'hidden' }))],
  ['a contiguous file', then(tarEntry({ name: 'x', type: '7', content: 'hidden' }))],
  ['a folder by its slash', then(tarEntry({ name: 'x/', type: '\0', content: '' }))],
  ['a folder by the slash of its pax path', then(tarEntry({ name: 'x', type: '\0', pax: { path: 'x/' } }))],
  ['a binary size', withField(plain, 124, base256(5n, 12))],
  ['a binary size that is negative', withField(plain, 124, base256(-5n, 12))],
  [
    'a negative size that pax puts right',
    then(
      tarEntry({ name: 'a', content: 'hello', pax: { size: '5' } }).subarray(0, 1024),
      withField(plain, 124, base256(-5n, 12)).subarray(0, 1024),
    ),
  ],
  ['a binary size beyond 64 bits', withField(plain, 124, Buffer.alloc(12, 0x9f))],
  [
    'a folder of a binary size beyond 64 bits',
    withField(makeTar([{ name: 'd', type: '5' }]), 124, Buffer.alloc(12, 0x9f)),
  ],
  ['binary ids', withField(withField(plain, 108, base256(0x1_0000_0000n, 8)), 116, base256(-1n, 8))],
  ['a binary mode', withField(plain, 100, base256(0o4755n, 8))],
  ['a binary checksum', Buffer.from(plain).fill(0x80, 148, 156)],
  ['numbers with blanks around them', withField(plain, 124, '         5\0 ')],
  ['a number that is none', withField(plain, 100, '00006x4\0')],
  ['a number that goes on behind a NUL', withField(plain, 100, '644\0abc\0')],
  ['a time that is none', withField(plain, 136, 'yesterday\0\0\0')],
  ['pax ids beyond 32 bits', then(tarEntry({ name: 'a', pax: { uid: '4294967296', gid: '-1' } }))],
  ['a pax id beyond 64 bits', then(tarEntry({ name: 'a', pax: { uid: '9223372036854775808' } }))],
  ['a pax id with a sign', then(tarEntry({ name: 'a', pax: { uid: '+5' } }))],
  ['pax times', then(tarEntry({ name: 'a', pax: { mtime: '1.5', atime: '-1.', ctime: '+7' } }))],
  ['a pax time that is none', then(tarEntry({ name: 'a', pax: { mtime: '1.5.5' } }))],
  ['a pax time without seconds', then(tarEntry({ name: 'a', pax: { atime: '.5' } }))],
  ['a pax record without a key', then(metaEntry('x', Buffer.from('5 =a\n')), tarEntry({ name: 'a' }))],
  ['a pax record too short', then(metaEntry('x', Buffer.from('9 path=a\n9')), tarEntry({ name: 'a' }))],
  ['a pax length with a sign', then(metaEntry('x', Buffer.from('+11 path=a\n')), tarEntry({ name: 'a' }))],
  ['an empty pax header', then(metaEntry('x', Buffer.alloc(0)), tarEntry({ name: 'a' }))],
  ['a sparse name with a NUL', then(sparse01({ ...sparse, name: 'a\0b' }))],
  [
    'a sparse file of a form to come',
    then(
      tarEntry({
        name: 'a',
        content: 'x',
        pax: { 'GNU.sparse.major': '2', 'GNU.sparse.minor': '0', 'GNU.sparse.name': 'b' },
      }),
    ),
  ],
  [
    'a sparse link',
    then(tarEntry({ ...link, pax: { 'GNU.sparse.map': '0,0', 'GNU.sparse.numblocks': '1' } })),
  ],
  ['a sparse map without its count', then(tarEntry({ name: 'a', pax: { 'GNU.sparse.map': '0,0' } }))],
  [
    'a sparse map cut short',
    then(tarEntry({ name: 'a', content: 'x', pax: { 'GNU.sparse.map': '0', 'GNU.sparse.numblocks': '1' } })),
  ],
  [
    'sparse parts in the wrong order',
    then(
      metaEntry('x', paxContent({ 'GNU.sparse.numbytes': '1', 'GNU.sparse.offset': '0' })),
      tarEntry({ name: 'a' }),
    ),
  ],
  [
    'sparse content that the map leaves out',
    then(
      tarEntry({
        name: 'a',
        content: 'hidden',
        pax: { 'GNU.sparse.map': '0,3', 'GNU.sparse.numblocks': '1', 'GNU.sparse.size': '10' },
      }),
    ),
  ],
  [
    'a sparse map beyond its blocks',
    then(
      tarEntry({ name: 'a', content: '9\n1\n', pax: { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0' } }),
    ),
  ],
  [
    'a sparse map with a negative count',
    then(
      tarEntry({
        name: 'a',
        content: '-1\n'.padEnd(512, ' '),
        pax: { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0' },
      }),
    ),
  ],
  ['an old sparse file of another form', then(tarEntry({ name: 'a', type: 'S' }))],
  [
    'a sparse name over GNU’s oldest form, where it does not count',
    then(
      metaEntry(
        'x',
        paxContent({
          'GNU.sparse.map': '0,1',
          'GNU.sparse.numblocks': '1',
          'GNU.sparse.name': 'other',
          'GNU.sparse.size': 'x',
        }),
      ),
      sparseForms.old(sparse),
    ),
  ],
  ['sparse after sparse', then(sparse00(sparse), sparse10(sparse))],
  ['star’s prefix', then(star)],
  ['star with a time that is none', then(withField(star, 476, 'never'))],
  [
    'GNU with a prefix where times belong',
    then(withField(tarEntry({ name: 'a', magic: 'ustar  \0' }), 345, 'folder/folder')),
  ],
  ['the oldest form', then(withField(tarEntry({ name: 'a', magic: '\0\0\0\0\0\0\0\0' }), 345, 'prefix'))],
  ['a prefix', then(withField(tarEntry({ name: 'a' }), 345, 'some/folder'))],
  ['bytes that are no UTF-8', then(withField(tarEntry({ name: 'a' }), 0, Buffer.from([0x61, 0xff, 0xfe])))],
  ['no end', tarEntry({ name: 'a', content: 'hello' })],
  ['no padding', tarEntry({ name: 'a', content: 'hello' }).subarray(0, 517)],
  ['cut in the content', tarEntry({ name: 'a', content: 'hello' }).subarray(0, 515)],
  ['cut in a header', tarEntry({ name: 'a', content: 'hello' }).subarray(0, 500)],
  ['cut in a pax header', tarEntry({ name: 'a', pax: { path: 'b'.repeat(600) } }).subarray(0, 800)],
  ['one block of zeros', tarEntry({ name: 'a' }).subarray(0, 512)],
  ['one block of zeros at the end', Buffer.concat([tarEntry({ name: 'a' }), Buffer.alloc(512)])],
  ['a block of zeros, then a header', Buffer.concat([Buffer.alloc(512), plain])],
  ['nothing', Buffer.alloc(0)],
  ['something else', Buffer.from('no tar at all '.repeat(100))],
]
