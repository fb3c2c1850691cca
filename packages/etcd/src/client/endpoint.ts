import { Failure } from '@holdfast/base';

/** One client address of etcd. */
export interface Endpoint {
  /** How it is shown and compared: `scheme://host:port`, IPv6 in brackets. */
  readonly url: string;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  /** Whether TLS is spoken. */
  readonly secure: boolean;
}

const form = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(\[[0-9a-f:.]+(?:%\w+)?\]|[^\s:/?#@[\]]+):(\d{1,5})\/*$/i;

/**
 * Reads endpoints as etcdctl takes them: `http://host:port`, `https://host:port`, or `host:port`, which is https
 * when TLS files are given and http otherwise. Doubles are dropped, the order is kept.
 *
 * @throws Failure usage: no endpoint, one of another form, http and https together, http with TLS files
 */
export function parseEndpoints(texts: readonly string[], tlsGiven: boolean): Endpoint[] {
  const endpoints = [
    ...new Map(texts.map((text) => parseOne(text, tlsGiven)).map((each) => [each.url, each])).values(),
  ];
  if (endpoints.length === 0) throw new Failure('usage', 'no endpoint of etcd is given');
  const plain = endpoints.find((each) => !each.secure);
  if (plain !== undefined && endpoints.some((each) => each.secure)) {
    throw new Failure(
      'usage',
      'http and https endpoints cannot be mixed: all members of a cluster serve the same',
    );
  }
  if (plain !== undefined && tlsGiven) {
    throw new Failure('usage', `TLS files are given, but ${plain.url} would not use them; write https://`);
  }
  return endpoints;
}

function parseOne(text: string, tlsGiven: boolean): Endpoint {
  // The text is not repeated: what stands before the @ may be a password.
  if (text.includes('@')) throw new Failure('usage', 'an endpoint cannot carry a user or a password');
  const [, scheme = tlsGiven ? 'https' : 'http', host, digits] = form.exec(text.trim()) ?? [];
  const port = Number(digits);
  if (host === undefined || port < 1 || port > 65_535) {
    throw new Failure(
      'usage',
      `"${text}" is not an endpoint of the form http://host:port or https://host:port`,
    );
  }
  const lower = scheme.toLowerCase();
  if (lower !== 'http' && lower !== 'https') {
    throw new Failure('usage', `"${text}" has the scheme ${lower}; only http and https are known`);
  }
  return {
    url: `${lower}://${host}:${port}`,
    host: host.replace(/^\[|\]$/g, ''),
    port,
    secure: lower === 'https',
  };
}
