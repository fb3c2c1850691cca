import { link, mkdir, open, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Failure } from '@holdfast/base';
import { makeSealer } from './aes-sealer.ts';
import type { Sealer } from './sealer.ts';

const keyBytes = 32;

/**
 * Opens the server's secrets by the key in a file: 32 random bytes, which nobody but its owner may read.
 *
 * @param how `make`: at the first start of a server the file is made; other replicas are given a copy of it
 * @throws Failure file-unreadable, file-unwritable, secret-file-exposed, secrets-key-invalid
 */
export async function openSealer(
  path: string,
  random: (bytes: number) => Uint8Array,
  how: { readonly make: boolean },
): Promise<Sealer> {
  const key = (await readKey(path)) ?? (how.make ? await makeKey(path, random) : undefined);
  if (key === undefined) throw new Failure('file-unreadable', 'ENOENT: it is not there', { path });
  return makeSealer(key, random);
}

async function readKey(path: string): Promise<Uint8Array | undefined> {
  try {
    await using file = await open(path, 'r');
    const { mode, size } = await file.stat();
    if ((mode & 0o077) !== 0)
      throw new Failure('secret-file-exposed', `its mode is ${(mode & 0o777).toString(8)}`, { path });
    if (size !== keyBytes)
      throw new Failure('secrets-key-invalid', `it has ${size} bytes, not ${keyBytes}`, { path });
    return await file.readFile();
  } catch (error) {
    if (error instanceof Failure) throw error;
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new Failure('file-unreadable', codeOf(error), { path });
  }
}

/** Makes the file whole or not at all; where another process was faster, its key counts. */
async function makeKey(path: string, random: (bytes: number) => Uint8Array): Promise<Uint8Array | undefined> {
  const folder = dirname(path);
  const own = join(folder, `.${basename(path)}-${Buffer.from(random(8)).toString('hex')}`);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await write(own, random(keyBytes));
    await link(own, path).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
    await rm(own);
    await using opened = await open(folder, 'r');
    await opened.sync();
  } catch (error) {
    await rm(own, { force: true }).catch(() => undefined);
    throw new Failure('file-unwritable', codeOf(error), { path });
  }
  return readKey(path);
}

async function write(path: string, bytes: Uint8Array): Promise<void> {
  await using file = await open(path, 'wx', 0o600);
  await file.writeFile(bytes);
  await file.sync();
}

function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException).code ?? error);
}
