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

/** Checks a peer URL as etcd does (scheme, host and port, no path) and returns it unchanged. */
export function peerUrl(text: string): string {
  if (!URL.canParse(text)) throw new RangeError(`"${text}" is not a URL`);
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new RangeError(`"${text}" must begin with http:// or https://`);
  }
  if (!/:\d+\/?$/.test(text)) throw new RangeError(`"${text}" must name a port`);
  if (url.pathname !== '/' || text.endsWith('/')) throw new RangeError(`"${text}" must not have a path`);
  return text;
}
