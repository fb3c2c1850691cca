import { open } from 'node:fs/promises';
import { Failure, limits } from '@holdfast/base';

/**
 * A file that keeps a secret, in UTF-8. One that others than its owner may read is refused: they may know it already.
 *
 * @throws secret-file-exposed, file-unreadable
 */
export async function readSecretFile(path: string): Promise<string> {
  return (await readSecretBytes(path)).toString('utf8');
}

/** The same, as it is. */
export async function readSecretBytes(path: string): Promise<Buffer> {
  try {
    const file = await open(path, 'r');
    try {
      const { mode, size } = await file.stat();
      if ((mode & 0o077) !== 0 && process.platform !== 'win32') {
        const why = `its mode is ${(mode & 0o777).toString(8).padStart(4, '0')}`;
        throw new Failure('secret-file-exposed', why, { path });
      }
      if (size > limits.recordBytes) throw new Failure('file-unreadable', `it has ${size} bytes`, { path });
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    throw new Failure('file-unreadable', (cause as Error).message, { path }, { cause });
  }
}

/** The secret of a file that keeps nothing else, as a passphrase: a trailing line feed is not part of it. */
export async function readSecretLine(path: string): Promise<string> {
  return (await readSecretFile(path)).replace(/\r?\n$/, '');
}
