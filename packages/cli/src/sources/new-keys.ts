import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { Failure } from '@holdfast/base';
import type { NewRecipient } from '@holdfast/repository/keys';
import type { VerifyingKey } from '@holdfast/repository/manifest';
import { readSecretLine } from './secret-file.ts';

/** The public keys of a file that are to be sealed for, called by their file. @throws key-file-invalid, file-unreadable */
export async function recipientsIn(path: string, name = nameOf(path)): Promise<NewRecipient[]> {
  const { parsePublicKeyFile } = await import('@holdfast/repository/object');
  const keys = await parsePublicKeyFile(await readText(path), path);
  return keys.map((key, at) => ({ name: keys.length === 1 ? name : `${name}-${at + 1}`, key }));
}

/** The public keys of a file that are to sign. @throws trusted-keys-invalid, file-unreadable */
export async function signersIn(
  path: string,
  name?: string,
): Promise<{ readonly key: VerifyingKey; readonly name: string }[]> {
  const { parseTrustedKeys } = await import('@holdfast/repository/manifest');
  const keys = parseTrustedKeys(await readText(path), path);
  return keys.map((key, at) => {
    const own = name ?? key.comment?.slice(0, 90) ?? nameOf(path);
    return {
      key,
      name: keys.length === 1 || (name === undefined && key.comment !== null) ? own : `${own}-${at + 1}`,
    };
  });
}

/** A new passphrase. @throws usage when it is empty, secret-file-exposed, file-unreadable */
export async function newPassphrase(path: string): Promise<string> {
  const passphrase = await readSecretLine(path);
  if (passphrase !== '') return passphrase;
  throw new Failure('usage', `the passphrase in ${path} is empty`);
}

/** A key is called by its file. */
export function nameOf(path: string): string {
  return basename(path, extname(path)).slice(0, 90) || 'key';
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new Failure('file-unreadable', (cause as Error).message, { path }, { cause });
  }
}
