/** How a registry wants to be asked. Source: RFC 9110 §11.6.1; the distribution's token authentication. */
export type Challenge =
  | { readonly scheme: 'basic' }
  | { readonly scheme: 'bearer'; readonly realm: string; readonly service?: string; readonly scope?: string }

const parameter = /([a-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/gi

const parametersIn = (text: string): ReadonlyMap<string, string> =>
  new Map(
    [...text.matchAll(parameter)].map(([, name = '', quoted, bare]) => [
      name.toLowerCase(),
      (quoted ?? bare ?? '').replace(/\\(.)/g, '$1'),
    ]),
  )

/** What a `WWW-Authenticate` header asks for; undefined for a scheme that no registry uses. Never throws. */
export const parseChallenge = (header: string): Challenge | undefined => {
  const [, scheme = '', rest = ''] = /^\s*([a-z]+)\s*(.*)$/is.exec(header.slice(0, 4096)) ?? []
  if (scheme.toLowerCase() === 'basic') return { scheme: 'basic' }
  if (scheme.toLowerCase() !== 'bearer') return undefined
  const parameters = parametersIn(rest)
  const realm = parameters.get('realm')
  if (realm === undefined) return undefined
  const [service, scope] = [parameters.get('service'), parameters.get('scope')]
  return {
    scheme: 'bearer',
    realm,
    ...(service === undefined ? {} : { service }),
    ...(scope === undefined ? {} : { scope }),
  }
}
