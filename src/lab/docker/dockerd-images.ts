import { createHash } from 'node:crypto'
import { chmod, copyFile, mkdir, readdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { create } from 'tar'
import { Fault } from '../../core/fault.ts'
import { callEngine, sendToEngine } from './engine-calls.ts'

/** What an image shall be called and do. */
export interface Image {
  /** In full, as services name it, e.g. `127.0.0.1:5001/retail/api:1.0`. */
  readonly reference: string
  /** `1000:1000` where absent: nobody's images run as root by default. */
  readonly user?: string
  /** Where absent a program that runs until SIGTERM and prints a line at its start and every second. */
  readonly command?: readonly string[]
  /** Where absent none, so that a service's command is what runs. */
  readonly entrypoint?: readonly string[]
  /** Texts of files by their path in the image, each to be run by everyone; one of the standard files gives way to them. */
  readonly files?: Readonly<Record<string, string>>
  readonly env?: readonly string[]
  readonly labels?: Readonly<Record<string, string>>
}

/** What stands in for every service: says that it lives, ends at once when asked to. */
const program = `#!/bin/sh
trap 'echo "stopping"; exit 0' TERM INT
echo "started as $(id -u):$(id -g) on $(hostname)"
count=0
while :; do
  count=$((count + 1))
  echo "alive $count"
  sleep 1 &
  wait $!
done
`

const applets = (
  'sh ash awk base64 basename cat chmod chown cp cut date dd df dirname du echo env expr false find free grep head ' +
  'hostname httpd id ip kill ln ls md5sum mkdir mktemp mv nc netstat nslookup ping printenv printf ps pwd readlink rm ' +
  'rmdir sed seq sha256sum sleep sort stat tail tar tee test touch tr true tty uname uniq uptime vi wc wget which ' +
  'whoami xargs yes'
).split(' ')

const accounts = {
  'etc/passwd': 'root:x:0:0:root:/:/bin/sh\nservice:x:1000:1000:service:/:/bin/sh\n',
  'etc/group': 'root:x:0:\nservice:x:1000:\n',
}

const standardUser = '1000:1000'
const standardCommand = ['/bin/service']
/** Of every file, so that an image has the same id wherever and whenever it is made. */
const date = new Date('2020-01-01T00:00:00Z')

const digestOf = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex')

const writeTree = async (folder: string, busybox: string): Promise<void> => {
  for (const name of ['bin', 'etc', 'tmp']) await mkdir(join(folder, name), { recursive: true })
  await chmod(join(folder, 'tmp'), 0o1777)
  await copyFile(busybox, join(folder, 'bin', 'busybox'))
  await writeFile(join(folder, 'bin', 'service'), program)
  for (const [path, text] of Object.entries(accounts)) await writeFile(join(folder, path), text)
  for (const name of ['busybox', 'service']) await chmod(join(folder, 'bin', name), 0o755)
  for (const name of applets) await symlink('busybox', join(folder, 'bin', name))
  for (const name of ['bin', 'etc', 'tmp']) await utimes(join(folder, name), date, date)
}

/** The folders of a layer have the same times as its files, so that its digest does not tell when it was made. */
const writeFiles = async (tree: string, files: Readonly<Record<string, string>>): Promise<void> => {
  for (const [path, text] of Object.entries(files)) {
    const file = join(tree, path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
    await chmod(file, 0o755)
  }
}

const fixed = { portable: true, mtime: date, noPax: true } as const

/** The reference split as the engine's tag call wants it. @throws {Fault} `invalid-request` for one with a digest. */
const split = (reference: string): { repository: string; tag: string } => {
  const [, repository, tag = 'latest'] = /^([^@]+?)(?::([\w][\w.-]{0,127}))?$/.exec(reference) ?? []
  if (repository === undefined)
    throw new Fault(
      'invalid-request',
      `An image cannot be made for ${reference}: what a digest names cannot be chosen.`,
    )
  return { repository, tag }
}

const configOf = (image: Image, layers: readonly Layer[]): string =>
  JSON.stringify({
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    created: date.toISOString(),
    config: {
      User: image.user ?? standardUser,
      Env: ['PATH=/bin', ...(image.env ?? [])],
      Cmd: image.command ?? standardCommand,
      ...(image.entrypoint === undefined ? {} : { Entrypoint: image.entrypoint }),
      WorkingDir: '/',
      Labels: image.labels ?? {},
    },
    rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => `sha256:${digest}`) },
    history: layers.map(() => ({ created: date.toISOString(), created_by: 'tenantry lab' })),
  })

interface Layer {
  /** Beside the image's configuration, in the folder that archives are made from. */
  readonly name: string
  readonly digest: string
}

/**
 * The images a swarm needs, each a layer around a static busybox and one of its own files: made here, loaded into engines,
 * since none can be pulled. The same image has the same id on every engine.
 */
export class ImageShelf {
  readonly #busybox: string
  readonly #folder: string
  readonly #images = new Map<string, Image>()
  readonly #layers = new Map<string, Promise<Layer>>()

  /** `folder` is for its own files; made when it is needed. */
  constructor({ busybox, folder }: { readonly busybox: string; readonly folder: string }) {
    this.#busybox = busybox
    this.#folder = folder
  }

  /** Puts an image on the shelf; one of the same reference takes the other's place. @throws {Fault} `invalid-request` for a digest. */
  add(image: Image): void {
    split(image.reference)
    this.#images.set(image.reference, image)
  }

  /** Brings an engine what it lacks of all that is on the shelf. */
  async provide(socketPath: string): Promise<void> {
    for (const image of this.#images.values()) await this.provideOne(socketPath, image)
  }

  /** Brings an engine an image of the shelf. */
  async provideOne(socketPath: string, image: Image): Promise<void> {
    const layers = await this.#layersOf(image)
    const config = configOf(image, layers)
    const id = digestOf(config)
    const known = await sendToEngine(socketPath, { method: 'GET', path: `/images/sha256:${id}/json` })
    if (known.status === 404) await this.#load(socketPath, { layers, config, id })
    const { repository, tag } = split(image.reference)
    const query = new URLSearchParams({ repo: repository, tag })
    await callEngine(socketPath, { method: 'POST', path: `/images/sha256:${id}/tag?${query}` })
  }

  /** Each layer is made once. */
  #layer(name: string, write: (tree: string) => Promise<void>): Promise<Layer> {
    const made = this.#layers.get(name) ?? this.#makeLayer(name, write)
    this.#layers.set(name, made)
    return made
  }

  #layersOf({ files }: Image): Promise<readonly Layer[]> {
    const standard = this.#layer('layer.tar', (tree) => writeTree(tree, this.#busybox))
    if (files === undefined) return Promise.all([standard])
    const name = `layer-${digestOf(JSON.stringify(Object.entries(files).sort())).slice(0, 16)}.tar`
    return Promise.all([standard, this.#layer(name, (tree) => writeFiles(tree, files))])
  }

  async #makeLayer(name: string, write: (tree: string) => Promise<void>): Promise<Layer> {
    const tree = join(this.#folder, `tree-${name}`)
    const file = join(this.#folder, 'archive', name)
    await mkdir(join(this.#folder, 'archive'), { recursive: true, mode: 0o700 })
    await mkdir(tree, { recursive: true })
    await write(tree)
    await create({ ...fixed, cwd: tree, file }, (await readdir(tree)).sort())
    return { name, digest: digestOf(await readFile(file)) }
  }

  async #load(
    socketPath: string,
    {
      layers,
      config,
      id,
    }: { readonly layers: readonly Layer[]; readonly config: string; readonly id: string },
  ): Promise<void> {
    const folder = join(this.#folder, 'archive')
    const names = layers.map(({ name }) => name)
    await writeFile(join(folder, `${id}.json`), config)
    await writeFile(
      join(folder, `${id}.manifest`),
      JSON.stringify([{ Config: `${id}.json`, RepoTags: null, Layers: names }]),
    )
    const archive = (): Readable =>
      create(
        {
          ...fixed,
          cwd: folder,
          onWriteEntry: (entry) => {
            if (entry.path === `${id}.manifest`) entry.path = 'manifest.json'
          },
        },
        [`${id}.json`, ...names, `${id}.manifest`],
      ) as unknown as Readable
    await callEngine(socketPath, { method: 'POST', path: '/images/load?quiet=1', archive })
  }
}
