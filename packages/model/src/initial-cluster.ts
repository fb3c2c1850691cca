/** One member of a cluster to be: its name and every peer URL that it is given. */
export interface InitialMember {
  readonly name: string;
  readonly peerUrls: readonly string[];
}

/**
 * Reads etcd's `--initial-cluster` form `m1=https://10.0.0.1:2380,m2=https://10.0.0.2:2380`; a name given twice
 * collects its URLs. Returns the members in order of first mention.
 *
 * @throws RangeError with the offending part when the text is not of this form
 */
export function parseInitialCluster(text: string): InitialMember[] {
  const urls = new Map<string, string[]>();
  for (const part of text.split(',')) {
    const equals = part.indexOf('=');
    const name = part.slice(0, Math.max(equals, 0)).trim();
    if (name === '') throw new RangeError(`"${part}" is not of the form NAME=URL`);
    const url = peerUrl(part.slice(equals + 1).trim());
    urls.set(name, [...(urls.get(name) ?? []), url]);
  }
  const taken = [...urls.values()].flat();
  const twice = taken.find((url, index) => taken.indexOf(url) !== index);
  if (twice !== undefined) throw new RangeError(`${twice} is given twice`);
  return [...urls].map(([name, peerUrls]) => ({ name, peerUrls }));
}

/**
 * Checks a peer URL as etcd does (scheme, host and port, no path) and returns it as etcd would keep it: member and
 * cluster ids are a hash over these very letters, and Go's url.Parse makes the scheme's small. What Go and browsers
 * write differently (logins, letters of the host that need an escape) is refused.
 *
 * @throws RangeError
 */
export function peerUrl(text: string): string {
  if (!URL.canParse(text)) throw new RangeError(`"${text}" is not a URL`);
  const { protocol, pathname, username, password } = new URL(text);
  if (protocol !== 'http:' && protocol !== 'https:') {
    throw new RangeError(`"${text}" must begin with http:// or https://`);
  }
  if (username !== '' || password !== '') throw new RangeError('a peer URL must not hold a login');
  if (!/:\d+\/?$/.test(text)) throw new RangeError(`"${text}" must name a port`);
  if (pathname !== '/' || text.endsWith('/')) throw new RangeError(`"${text}" must not have a path`);
  const [, host = ''] = /^https?:\/\/([\w.:[\]-]+)$/i.exec(text) ?? [];
  if (host === '') throw new RangeError(`"${text}" has a host that is neither a plain name nor an address`);
  return `${protocol}//${host}`;
}
