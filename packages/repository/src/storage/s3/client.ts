import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { getCACertificates } from 'node:tls';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { limits } from '@holdfast/base';
import { credentialsOf } from './credentials.ts';
import { proxyFor, type ProxyVariables } from './proxy.ts';
import { endpointUrl, type S3Settings } from './settings.ts';
import { decodeCa } from './trust.ts';
import { tunnelAgent } from './tunnel.ts';

const amazon = new URL('https://s3.amazonaws.com');
const amazonTokens = new URL('https://sts.amazonaws.com');

/** The server's address, as messages name it. */
export function endpointOf(settings: S3Settings): URL {
  return (settings.endpoint === undefined ? undefined : endpointUrl(settings.endpoint)) ?? amazon;
}

/**
 * A client of the SDK that does each request once, since whoever calls knows better what to try again; and that puts no
 * checksums of AWS's newer kind into requests, which many servers refuse or store as data. Its requests are signed with
 * the SHA-256 of their body, which the server compares.
 *
 * @param idleMs milliseconds without a byte after which a request is given up
 */
export function makeClient(settings: S3Settings, variables: ProxyVariables, idleMs: number): S3Client {
  const { endpoint, style = 'auto' } = settings;
  const url = endpointOf(settings);
  const region =
    settings.region ?? (endpoint === undefined ? undefined : (variables['AWS_REGION'] ?? 'us-east-1'));
  const way = (target: URL, { proxy, ...trust }: Way): NonNullable<S3ClientConfig['requestHandler']> => ({
    ...agents(trust, proxyFor(target, proxy, variables)),
    connectionTimeout: limits.s3ConnectMs,
    socketTimeout: idleMs,
  });
  return new S3Client({
    ...(region === undefined ? {} : { region }),
    requestHandler: way(url, settings),
    ...(endpoint === undefined ? {} : { endpoint: url.href }),
    forcePathStyle: style === 'path' || (style === 'auto' && endpoint !== undefined),
    // What is trusted, and the way, are those of the S3 server: they count for a token service that is one's own as well.
    credentials: credentialsOf(settings, region, (tokens) =>
      tokens === undefined ? way(amazonTokens, {}) : way(new URL(tokens), settings),
    ),
    maxAttempts: 1,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    followRegionRedirects: false,
    expectContinueHeader: false,
  });
}

/** How a server is reached, and whom one trusts to be it. */
type Way = Pick<S3Settings, 'ca' | 'skipVerify' | 'proxy'>;

function agents(
  { ca, skipVerify = false }: Omit<Way, 'proxy'>,
  proxy: URL | undefined,
): { httpAgent: HttpAgent; httpsAgent: HttpsAgent } {
  const own = ca === undefined ? undefined : decodeCa(ca);
  const tls = {
    ...(own === undefined ? {} : { ca: [...getCACertificates('default'), ...own] }),
    rejectUnauthorized: !skipVerify,
  };
  if (proxy === undefined) {
    return {
      httpAgent: new HttpAgent({ keepAlive: true }),
      httpsAgent: new HttpsAgent({ keepAlive: true, ...tls }),
    };
  }
  // Plain http goes through a tunnel as well, so that the server gets what was signed.
  return { httpAgent: tunnelAgent(proxy, false, tls), httpsAgent: tunnelAgent(proxy, true, tls) };
}
