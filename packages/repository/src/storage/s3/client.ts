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

/** The server's address, as messages name it. */
export function endpointOf(settings: S3Settings): URL {
  return (settings.endpoint === undefined ? undefined : endpointUrl(settings.endpoint)) ?? amazon;
}

/**
 * A client of the SDK that does each request once, since whoever calls knows better what to try again; and that puts no
 * checksums of AWS's newer kind into requests, which many servers refuse or store as data. Its requests are signed with
 * the SHA-256 of their body, which the server compares.
 */
export function makeClient(settings: S3Settings, variables: ProxyVariables): S3Client {
  const { endpoint, style = 'auto' } = settings;
  const url = endpointOf(settings);
  const region =
    settings.region ?? (endpoint === undefined ? undefined : (variables['AWS_REGION'] ?? 'us-east-1'));
  const reach: Pick<S3ClientConfig, 'region' | 'requestHandler'> = {
    ...(region === undefined ? {} : { region }),
    requestHandler: {
      ...agents(settings, proxyFor(url, settings.proxy, variables)),
      connectionTimeout: limits.s3ConnectMs,
      socketTimeout: limits.s3IdleMs,
    },
  };
  return new S3Client({
    ...reach,
    ...(endpoint === undefined ? {} : { endpoint: url.href }),
    forcePathStyle: style === 'path' || (style === 'auto' && endpoint !== undefined),
    credentials: credentialsOf(settings, reach),
    maxAttempts: 1,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    followRegionRedirects: false,
    expectContinueHeader: false,
  });
}

function agents(
  { ca, skipVerify = false }: S3Settings,
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
