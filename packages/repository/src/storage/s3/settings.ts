import { Failure } from '@holdfast/base';
import { isKey } from '../key.ts';
import { decodeCa } from './trust.ts';

/** Where a repository in a bucket is, how to get there and how to store there. Sizes in bytes. */
export interface S3Settings {
  readonly bucket: string;
  /** Below which all keys lie, as `a/b`; none for the whole bucket. */
  readonly folder?: string;
  /** Of the bucket. With an endpoint of one's own us-east-1 if not said; else AWS's variables and files tell it. */
  readonly region?: string;
  /** `host`, `host:port` or a URL; https unless it begins with http://. AWS itself if not said. */
  readonly endpoint?: string;
  /** Whether the bucket is in the path or in the host name; `auto`: in the path with an endpoint of one's own. */
  readonly style?: 'auto' | 'path' | 'virtual-host';
  /** PEM, or base64 of PEM: certificates that are trusted beside the usual ones. */
  readonly ca?: string;
  /** Trusts whoever answers. */
  readonly skipVerify?: boolean;
  /** The URL of an http or https proxy, or `none`; if not said HTTPS_PROXY, HTTP_PROXY and NO_PROXY count. */
  readonly proxy?: string;
  /** If not said, what AWS's own tools would use: variables, files, web identity, container, instance (IMDSv2). */
  readonly credentials?: S3Credentials;
  /** A role that is assumed with these credentials. */
  readonly role?: S3Role;
  readonly encryption?: S3Encryption;
  /** As the server calls it, e.g. STANDARD_IA. */
  readonly storageClass?: string;
  /** Keeps each object from being removed. */
  readonly lock?: S3Lock;
  /** Of an upload's parts, at least 5 MiB; `limits.s3PartBytes` if not said. Uploads beyond 1,000 parts take larger ones. */
  readonly partBytes?: number;
  /** Parts of one upload on their way at once; `limits.s3Parts` if not said. */
  readonly parallel?: number;
  /** `none` for a server that only seems to know them; else it is tried out before the first write. */
  readonly conditionalWrites?: 'probe' | 'none';
}

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface S3Role {
  readonly arn: string;
  readonly externalId?: string;
  /** What the role's session is called in the server's records; `holdfast` if not said. */
  readonly sessionName?: string;
  /** The URL of the token service, where it is not AWS's; `ca`, `skipVerify` and `proxy` count for it as well, and not for AWS's. */
  readonly endpoint?: string;
}

/** Encryption by the server: with its own key, one of its key service's, or one that each request brings along. */
export type S3Encryption =
  | { readonly kind: 's3' }
  | { readonly kind: 'kms'; readonly keyId?: string }
  | { readonly kind: 'customer'; readonly key: Uint8Array };

/** For so many days from the write, or until a time. */
export type S3Lock = { readonly mode: 'governance' | 'compliance' } & (
  | { readonly days: number }
  | { readonly until: Date }
);

const MiB = 1024 * 1024;

/** Passes settings through. @throws config-invalid with the first field that is wrong */
export function checkS3Settings(settings: S3Settings): S3Settings {
  const fault = fieldFault(settings);
  if (fault !== undefined) throw new Failure('config-invalid', fault, { source: 'of the S3 repository' });
  return settings;
}

function fieldFault(settings: S3Settings): string | undefined {
  const { bucket, folder = '', partBytes, parallel, encryption, lock, credentials, ca, endpoint } = settings;
  // Older servers allow capitals and underscores.
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/.test(bucket))
    return `bucket: ${quoted(bucket)} is no name of a bucket`;
  if (folder !== '' && !isKey(folder)) return `folder: ${quoted(folder)} is not of the form a/b`;
  if (endpoint !== undefined && endpointUrl(endpoint) === undefined) {
    // Before an @ there may be a password.
    const told = endpoint.includes('@') ? 'it' : quoted(endpoint);
    return `endpoint: ${told} is neither host, host:port nor a http or https URL without a path`;
  }
  if (settings.role?.endpoint !== undefined && !isHttpUrl(settings.role.endpoint)) {
    return 'role: its endpoint is no http or https URL';
  }
  if (settings.proxy !== undefined && settings.proxy !== 'none' && !isHttpUrl(settings.proxy)) {
    return 'proxy: neither a http or https URL nor none';
  }
  if (ca !== undefined && decodeCa(ca) === undefined)
    return 'ca: neither PEM certificates nor base64 of them';
  if (
    credentials !== undefined &&
    ![credentials.accessKeyId, credentials.secretAccessKey, credentials.sessionToken ?? 'none'].every(isToken)
  ) {
    return 'credentials: an access key and a secret key are needed, and all without white space';
  }
  if (encryption?.kind === 'customer' && encryption.key.length !== 32) {
    return `encryption: the key has ${encryption.key.length} bytes, it needs 32`;
  }
  if (lock !== undefined && 'days' in lock && !(Number.isInteger(lock.days) && lock.days > 0)) {
    return 'lock: the number of days must be whole and more than 0';
  }
  if (partBytes !== undefined && !(Number.isInteger(partBytes) && partBytes >= 5 * MiB)) {
    return 'partBytes: at least 5 MiB';
  }
  if (parallel !== undefined && !(Number.isInteger(parallel) && parallel > 0)) return 'parallel: at least 1';
  return undefined;
}

/** The URL of an endpoint, https unless http is said; undefined when it is none. */
export function endpointUrl(endpoint: string): URL | undefined {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(endpoint) ? endpoint : `https://${endpoint}`;
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const plain =
    url.pathname === '/' && url.search === '' && url.hash === '' && `${url.username}${url.password}` === '';
  return plain && /^https?:$/.test(url.protocol) ? url : undefined;
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

function isToken(text: string): boolean {
  return /^\S+$/.test(text);
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
