import { BlockList, isIP } from 'node:net';

/** What tells of a proxy: an environment, whose names may be in either case. */
export type ProxyVariables = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for `target`, undefined for none: the one that was set, else what the variables say as curl reads them
 * (lower case first; HTTP_PROXY for plain http only; ALL_PROXY for both).
 *
 * @param setting a URL, or `none`
 */
export function proxyFor(
  target: URL,
  setting: string | undefined,
  variables: ProxyVariables,
): URL | undefined {
  if (setting === 'none') return undefined;
  if (setting !== undefined) return new URL(setting);
  const named = (name: string): string | undefined =>
    nonEmpty(variables[name]) ?? nonEmpty(variables[name.toUpperCase()]);
  const proxy = named(target.protocol === 'https:' ? 'https_proxy' : 'http_proxy') ?? named('all_proxy');
  if (proxy === undefined || isExempt(target, named('no_proxy') ?? '')) return undefined;
  const url = proxy.includes('://') ? proxy : `http://${proxy}`;
  return URL.canParse(url) ? new URL(url) : undefined;
}

/** Each entry is `*`, a host with its subdomains (a leading dot or `*.` says the same), an address or a CIDR; a port may follow. */
function isExempt(target: URL, noProxy: string): boolean {
  const host = target.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = target.port || (target.protocol === 'https:' ? '443' : '80');
  return noProxy.split(/[\s,]+/).some((entry) => {
    if (entry === '') return false;
    if (entry === '*') return true;
    if (entry.includes('/')) return isWithin(host, entry);
    const [, name = '', wanted] = /^(.*?)(?::(\d+))?$/.exec(isIP(entry) === 6 ? `[${entry}]` : entry) ?? [];
    if (wanted !== undefined && wanted !== port) return false;
    const domain = name.replace(/^\*?\.|^\[|\]$/g, '').toLowerCase();
    return host === domain || (isIP(host) === 0 && host.endsWith(`.${domain}`));
  });
}

function isWithin(host: string, cidr: string): boolean {
  const [net = '', bits] = cidr.split('/');
  const family = isIP(net);
  if (family === 0 || isIP(host) !== family) return false;
  const type = family === 6 ? 'ipv6' : 'ipv4';
  const list = new BlockList();
  try {
    list.addSubnet(net, Number(bits), type);
  } catch {
    return false;
  }
  return list.check(host, type);
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
