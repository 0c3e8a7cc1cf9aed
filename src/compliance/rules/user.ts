import type { ImageFacts } from '../image-facts.ts'
import { type CheckSubject, type Found, inEachService, type Rule } from '../rule.ts'
import { asList, asText, fieldOf, type Path } from '../view/compose-model.ts'
import { inService, type ServiceView } from '../view/service-view.ts'

/** A number as the engine reads one: signs and leading zeros too. Source: Go, `strconv.Atoi`. */
const idOf = (text: string): number | undefined => (/^[+-]?\d{1,18}$/.test(text) ? Number(text) : undefined)

/**
 * Whether a user's name or number comes to uid 0; a name other than root only where the image tells. With a group alone (`:1000`)
 * the engine takes uid 0. Source: runc, `GetExecUser`.
 */
const isRoot = (user: string, facts: ImageFacts | undefined): boolean => {
  const id = idOf(user)
  if (id !== undefined) return id === 0
  return user === '' || user === 'root' || (facts?.uidZeroNames.includes(user) ?? false)
}

interface UserView {
  readonly user: string
  readonly group: string
  readonly path: Path
  /** What is run so, for messages. */
  readonly what: string
}

const userOf = (value: unknown, path: Path, what: string): UserView[] => {
  const text = asText(value)?.trim() ?? ''
  if (text === '') return []
  const [user = '', group = ''] = text.split(':')
  return [{ user: user.trim(), group: group.trim(), path, what }]
}

/** Commands that the engine starts in the container beside its own. Source: Compose specification, `post_start`, `pre_stop`. */
const hooks = ['post_start', 'pre_stop'] as const

const hooksOf = (service: ServiceView) =>
  hooks.flatMap((hook) =>
    asList(inService(service, hook)).map((value, index) => ({
      value,
      path: [...service.path, hook, index],
      what: `${hook} of service ${service.name}`,
    })),
  )

const usersOf = (service: ServiceView): readonly UserView[] => [
  ...userOf(inService(service, 'user'), [...service.path, 'user'], `Service ${service.name}`),
  ...hooksOf(service).flatMap(({ value, path, what }) =>
    userOf(fieldOf(value, 'user'), [...path, 'user'], what),
  ),
]

const factsOf = ({ images }: CheckSubject, service: ServiceView): ImageFacts | undefined =>
  service.image === undefined ? undefined : images.get(service.image)

const rootBecause = (user: string): string => {
  if (user === '') return ' (a group without a user leaves uid 0)'
  return user === 'root' ? '' : ` (user '${user}' is uid 0)`
}

const rootUser = inEachService((service, subject) =>
  usersOf(service)
    .filter(({ user }) => isRoot(user, factsOf(subject, service)))
    .map(({ user, path, what }) => ({
      message: `${what} runs as root${rootBecause(user)}.`,
      subject: { service: service.name, detail: path.slice(2).join('.') },
      at: path,
    })),
)

const groupsOf = (service: ServiceView): readonly Omit<UserView, 'user'>[] => [
  ...usersOf(service),
  ...asList(inService(service, 'group_add')).map((entry, index) => ({
    group: asText(entry)?.trim() ?? '',
    path: [...service.path, 'group_add', index],
    what: `Service ${service.name}`,
  })),
]

const rootGroup = inEachService((service) =>
  groupsOf(service)
    .filter(({ group }) => group === 'root' || idOf(group) === 0)
    .map(({ path, what }) => ({
      message: `${what} runs with the group root (gid 0).`,
      subject: { service: service.name, detail: path.slice(2).join('.') },
      at: path,
    })),
)

/** Who an image's processes are, where that is a finding, as the end of a sentence. */
const imageUser = ({ user, gaps }: ImageFacts): string | undefined => {
  if (user.uid === 0) {
    const unsaid = user.declared === '' ? 'the image names no user' : `its user '${user.declared}' is uid 0`
    return `runs as root: ${unsaid}`
  }
  const isSure = !gaps.some(({ about }) => about === 'user' || about === 'layer')
  return user.uid === undefined && isSure
    ? `names the user '${user.declared}', which its /etc/passwd does not have: the engine will not start it`
    : undefined
}

const imageUsers = inEachService((service, subject) => {
  const facts = factsOf(subject, service)
  const declared = usersOf(service).some(({ what }) => what === `Service ${service.name}`)
  const what = facts === undefined || declared ? undefined : imageUser(facts)
  if (what === undefined) return []
  return [
    {
      message: `Image ${service.image} of service ${service.name} ${what}.`,
      subject: { service: service.name, ...(service.image === undefined ? {} : { image: service.image }) },
      at: [...service.path, 'image'],
    },
  ]
})

const privileged = inEachService((service): Found[] => {
  const own = { value: service.value, path: service.path, what: `Service ${service.name}` }
  return [own, ...hooksOf(service)]
    .map((one) => ({ ...one, said: fieldOf(one.value, 'privileged') }))
    .filter(({ said }) => said !== undefined && said !== null && asText(said) !== 'false')
    .map(({ path, what }) => ({
      message: `${what} is privileged.`,
      subject: { service: service.name, detail: [...path.slice(2), 'privileged'].join('.') },
      at: [...path, 'privileged'],
    }))
})

/** A capability as the engine reads one: in any case, with `CAP_` or without. Source: moby, `NormalizeLegacyCapabilities`. */
const capabilityName = (text: string): string => text.toUpperCase().replace(/^CAP_/, '')

const capabilities = inEachService((service, { rights }) =>
  asList(inService(service, 'cap_add')).flatMap((entry, index) => {
    const name = asText(entry) ?? 'something'
    const detail = capabilityName(name)
    if (rights.settings.capabilities.some((allowed) => allowed === detail)) return []
    return [
      {
        message: `Service ${service.name} adds the capability ${name}.`,
        subject: { service: service.name, detail },
        at: [...service.path, 'cap_add', index],
      },
    ]
  }),
)

/** Options as `name` and `value`; the engine takes both `=` and `:`. */
const securityOptions = (service: ServiceView) =>
  asList(inService(service, 'security_opt')).map((entry, index) => {
    const text = (asText(entry) ?? '').trim()
    const at = text.search(/[=:]/)
    return {
      name: at < 0 ? text : text.slice(0, at),
      value: at < 0 ? '' : text.slice(at + 1).trim(),
      path: [...service.path, 'security_opt', index] as Path,
    }
  })

/** Source: moby, `daemon/daemon_unix.go`: the option alone, or a truth value of `strconv.ParseBool`; the last one wins. */
const gainsNothing = (service: ServiceView): boolean => {
  const said = securityOptions(service).filter(({ name }) => name === 'no-new-privileges')
  return /^(?:1|t|true|)$/i.test(said.at(-1)?.value ?? 'false')
}

const newPrivileges = inEachService((service) =>
  gainsNothing(service)
    ? []
    : [
        {
          message: `Service ${service.name} does not refuse new privileges.`,
          subject: { service: service.name },
          at: [...service.path, 'security_opt'],
        },
      ],
)

/**
 * What each option must not say. A seccomp profile of one's own counts, since nobody here knows what is in it, and so does every label
 * of SELinux: `type:spc_t` confines nothing, `level:` is the one of another tenant's containers.
 */
const loosened: Readonly<Record<string, RegExp>> = {
  seccomp: /^(?!builtin$)/i,
  apparmor: /^unconfined$/i,
  label: /./,
  systempaths: /^unconfined$/i,
  'writable-cgroups': /^(?!(?:0|f|false)$)/i,
}

const profilesOff = inEachService((service) =>
  securityOptions(service)
    .filter(({ name, value }) => Object.hasOwn(loosened, name) && loosened[name]?.test(value) === true)
    .map(({ name, value, path }) => ({
      message: `Service ${service.name} loosens its confinement: \`${name}\` is '${value.slice(0, 60)}'.`,
      subject: { service: service.name, detail: name },
      at: path,
    })),
)

const rootWhy =
  'Root in a container is root on the host for whatever the kernel does not separate: one flaw of the kernel or the engine, and every tenant of the host is open.'

export const userRules: readonly Rule[] = [
  {
    id: 'root/user',
    title: 'No service runs as root',
    severity: 'critical',
    needs: 'files',
    why: `${rootWhy} \`user: 0\`, \`root\`, and a name that the image gives uid 0 are the same.`,
    fix: 'Leave `user` out where the image has a user of its own, or name one that is not uid 0.',
    find: rootUser,
  },
  {
    id: 'root/root-group',
    title: 'No service runs with the group root',
    severity: 'medium',
    needs: 'files',
    why: 'Files that the group root may write, /etc/passwd in some images, are the way from gid 0 to uid 0.',
    fix: 'Name a group other than 0, or none.',
    find: rootGroup,
  },
  {
    id: 'root/image-user',
    title: "The image's default user is not root",
    severity: 'critical',
    needs: 'images',
    why: `${rootWhy} An image without \`USER\` runs as root.`,
    fix: 'Give the image a `USER` of its own with a uid above 0, or name such a user in the compose file.',
    find: imageUsers,
  },
  {
    id: 'root/privileged',
    title: 'No service is privileged',
    severity: 'critical',
    needs: 'files',
    why: 'A privileged container has every capability and every device of the host: it is root on the host. The swarm leaves the key out; a single host and a debug session do not.',
    fix: 'Take `privileged` out.',
    find: privileged,
  },
  {
    id: 'root/capabilities-added',
    title: 'No service adds capabilities',
    severity: 'high',
    needs: 'files',
    why: 'Each capability is a part of what root may; several of them are all of it. What a service needs beyond the defaults is reviewed one by one.',
    fix: 'Take `cap_add` out; ports below 1024 need no capability in a container. Else ask for a waiver for the service, or for the capability in `capabilities` of compliance.ts.',
    find: capabilities,
  },
  {
    id: 'root/no-new-privileges-missing',
    title: 'Processes gain no privileges',
    severity: 'high',
    needs: 'files',
    why: 'With it a set-uid file or a file capability lifts nobody. `docker stack deploy` passes the option to no service: the nodes set it in their daemon.json as well, and the file says that the service can live with it.',
    fix: "Set `security_opt: ['no-new-privileges:true']`.",
    find: newPrivileges,
  },
  {
    id: 'root/profile-off',
    title: 'Seccomp, AppArmor and SELinux stay on',
    severity: 'critical',
    needs: 'files',
    why: 'The default profiles take away the calls that most escapes need.',
    fix: 'Take the option out of `security_opt`.',
    find: profilesOff,
  },
]
