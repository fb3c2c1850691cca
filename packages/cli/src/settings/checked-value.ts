import { resolve } from 'node:path';
import { parseEncryption, parseLock } from '@holdfast/repository/s3-words';
import { hasLogin } from './s3-words.ts';
import type { Setting } from './table.ts';
import type { SettingValue } from './value.ts';

/** Where a value was said. */
export interface Said {
  /** Relative paths start here. */
  readonly folder: string;
  /** Names of configured repositories, which are no folders. */
  readonly names: ReadonlySet<string>;
  /** Whether others than the user may see it: a command line, a file that is no secret's own. */
  readonly seen: boolean;
}

/** A value with its paths made absolute. @throws RangeError when it does not have the form of its setting */
export function checkedValue({ form, choices }: Setting, value: SettingValue, said: Said): SettingValue {
  if (Array.isArray(value)) return form === 'places' ? value.map((each) => placeWord(each, said)) : value;
  if (typeof value !== 'string') return value;
  if (choices !== undefined && !choices.includes(value)) {
    throw new RangeError(`${JSON.stringify(value)} is none of ${choices.join(', ')}`);
  }
  if (form === 'path') return resolve(said.folder, value);
  if (form === 'encryption') return encryptionWord(value, said.folder);
  if (form === 'lock') parseLock(value);
  if (form === 'proxy') refuseLogin(value, said.seen);
  return value;
}

/** The same with the path of a key made absolute. @throws RangeError */
export function encryptionWord(text: string, folder: string): string {
  const word = parseEncryption(text);
  return word.kind === 'customer' ? `customer:${resolve(folder, word.file)}` : text;
}

/** @throws RangeError for a login where others may read it */
export function refuseLogin(proxy: string, seen = true): void {
  if (!seen || !hasLogin(proxy)) return;
  throw new RangeError('a login in it could be read by others; HOLDFAST_S3_PROXY and HTTPS_PROXY take one');
}

/** An address or a name as it is, a folder in full. */
function placeWord(text: string, { folder, names }: Said): string {
  if (names.has(text)) return text;
  const [, scheme] = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text) ?? [];
  if (scheme === undefined) {
    refuseNearAddress(text);
    return resolve(folder, text);
  }
  if (scheme.toLowerCase() !== 's3') {
    const shown = hasLogin(text) ? `an address of ${scheme}` : JSON.stringify(text);
    throw new RangeError(
      `${shown} is no place for a repository; there are folders, s3://bucket/folder, and names of the configuration file (a server of your own is named by --s3-endpoint)`,
    );
  }
  return formatAddress(parseAddress(text));
}

/** What somebody meant as an address would become a folder of this machine, and nobody would look for it there. */
function refuseNearAddress(text: string): void {
  const [, bucket] = /^s3(?::\/*|\/\/+)(.*)$/i.exec(text) ?? [];
  if (bucket !== undefined) {
    const [shown, meant] = hasLogin(text) ? ['it', 'bucket/folder'] : [JSON.stringify(text), bucket];
    throw new RangeError(
      `${shown} is no address: s3://${meant || 'bucket/folder'} is meant, or ./ before it for a folder of this name`,
    );
  }
  if (!/^[^/]+:\//.test(text)) return;
  const [shown, named] = hasLogin(text)
    ? ['it', 'one with ./ before it']
    : [JSON.stringify(text), `./${text}`];
  throw new RangeError(
    `${shown} is no place for a repository: a bucket is s3://bucket/folder, and a folder of this name is ${named}`,
  );
}

/** A bucket, and the folder in it. */
interface Address {
  readonly bucket: string;
  readonly folder: string;
}

/** Reads `s3://bucket/folder`. @throws RangeError */
export function parseAddress(text: string): Address {
  const [, bucket, folder = ''] = /^s3:\/\/([^/?#@]+)(?:\/([^?#]*))?$/i.exec(text.replace(/\/$/, '')) ?? [];
  const parts = folder.split('/');
  if (bucket === undefined || (folder !== '' && parts.some((part) => part === '' || part.startsWith('.')))) {
    throw new RangeError(
      `an address of S3 has the form s3://bucket/folder, without options: a server, a region and keys have settings of their own`,
    );
  }
  return { bucket, folder };
}

function formatAddress({ bucket, folder }: Address): string {
  return folder === '' ? `s3://${bucket}` : `s3://${bucket}/${folder}`;
}
