import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { isFailure } from '@holdfast/base';
import type { DatadirSource } from '@holdfast/engine';
import type { Session } from '../session.ts';
import { chosenForeign } from './foreign.ts';

/** From what a data directory is built, open until it is disposed of, and what its user should hear of it. */
export interface OpenedSource extends AsyncDisposable {
  readonly source: DatadirSource;
  readonly notes: readonly string[];
  /** Of what another system left: its path in its place, which means the same later. */
  readonly path?: string;
  /** SHA-256 of the image in hexadecimal, where it was computed on the way. */
  readonly imageSha256?: string;
}

/** What needs not be opened beforehand. */
export function asItIs(source: DatadirSource): OpenedSource {
  return { source, notes: [], [Symbol.asyncDispose]: async () => {} };
}

/**
 * A snapshot file as it is, or the one in an archive.
 *
 * @throws Failure as openForeignSource; what is wrong with a plain file shows when it is read
 */
export async function openFileOrArchive(session: Session, file: string): Promise<OpenedSource> {
  return (await isPacked(file)) ? await openForeignSource(session, undefined, file) : asItIs({ file });
}

/**
 * What another system left: read, completed and proven before anything is built from it.
 *
 * @param from undefined: `selector` is a file
 * @throws Failure foreign-damaged; as chosenForeign and openForeignImage
 */
export async function openForeignSource(
  session: Session,
  from: string | undefined,
  selector: string,
): Promise<OpenedSource> {
  const { place, snapshot } = await chosenForeign(session, from, selector);
  const { openForeignImage, refuseDamagedImage } = await import('@holdfast/engine');
  const image = await openForeignImage(session.context, place, snapshot);
  try {
    refuseDamagedImage(image, place, snapshot);
  } catch (error) {
    await image[Symbol.asyncDispose]();
    throw error;
  }
  const { signal } = session.context;
  const { name, size } = image.source;
  return {
    source: { content: { name, size, open: () => image.stream(signal) }, sha256: image.hashes.file },
    notes: [...snapshot.notes, ...image.notes],
    path: snapshot.path,
    imageSha256: image.hashes.image,
    [Symbol.asyncDispose]: () => image[Symbol.asyncDispose](),
  };
}

/** The first bytes of zip, gzip and tar; a database has none of these there. */
async function isPacked(path: string): Promise<boolean> {
  const { reading } = await import('@holdfast/repository');
  const head = Buffer.alloc(512);
  try {
    // A pipe that nobody writes to would be waited for.
    await using file = await reading(path, () => open(path, constants.O_RDONLY | constants.O_NONBLOCK));
    await reading(path, () => file.read(head, 0, head.length, 0));
  } catch (error) {
    if (isFailure(error, 'file-unreadable')) return false;
    throw error;
  }
  const starts = head.subarray(0, 2).toString('latin1');
  return starts === 'PK' || starts === '\x1f\x8b' || head.subarray(257, 262).toString('latin1') === 'ustar';
}
