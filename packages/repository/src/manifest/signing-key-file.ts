import { open } from 'node:fs/promises';
import { Failure } from '@holdfast/base';
import { stageBeside } from '../storage/local/beside.ts';
import { reading } from '../storage/local/errors.ts';
import { SigningKey } from './signing-key.ts';

/** More bytes than a key in PEM can have. */
const mostBytes = 64 * 1024;

/**
 * Makes a new key and keeps it in a new file for this user only (0600), whole and durable or not at all.
 *
 * @throws file-exists, file-unwritable, disk-full
 */
export async function makeSigningKeyFile(path: string): Promise<SigningKey> {
  const key = SigningKey.generate();
  const staged = await stageBeside(path);
  staged.write(Buffer.from(key.reveal()));
  if (!(await staged.place())) throw new Failure('file-exists', 'a key is never written over', { path });
  return key;
}

/**
 * Reads the key that a file keeps. A file that others than its owner may use is refused: its key may be known already.
 *
 * @throws signing-key-invalid, file-unreadable
 */
export async function readSigningKeyFile(path: string): Promise<SigningKey> {
  const text = await reading(path, async () => {
    const file = await open(path, 'r');
    try {
      const { mode, size } = await file.stat();
      const others = mode & 0o077;
      if (others !== 0 && process.platform !== 'win32') {
        const why = `its mode is ${(mode & 0o777).toString(8).padStart(4, '0')}: others than its owner may use it`;
        throw new Failure('signing-key-invalid', why, { path });
      }
      if (size > mostBytes) throw new Failure('signing-key-invalid', `it has ${size} bytes`, { path });
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  });
  return SigningKey.parse(text, path);
}
