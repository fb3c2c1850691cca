import { createHash } from 'node:crypto';
import { isFailure, limits } from '@holdfast/base';
import type { FoundManifest, Lineage } from '@holdfast/model';
import type { KeyRing } from './keys/key-ring.ts';
import { inParallel } from './in-parallel.ts';
import { ownerOf } from './layout.ts';
import type { Committed } from './lease/index.ts';
import { foundManifest } from './manifest/index.ts';
import { counts, listRemovals, readRemoval, writerName } from './removal-record.ts';
import type { Storage } from './storage/storage.ts';

/** Where lineages are read, and with which keys. */
export interface LineagePlace {
  readonly storage: Storage;
  readonly ring: Pick<KeyRing, 'signing' | 'trust'>;
  readonly clusterId: string;
}

/** What a manifest says that stands where it was made for, signed by its writer. */
export type Place = NonNullable<FoundManifest['says']>;

/**
 * The place of a committed manifest in the chain of its writer; undefined where it has none that can be relied on: it is
 * gone or changed, lies in the wrong folder, or its writer's key is not known.
 *
 * @throws what storages throw
 */
export async function placeOf(
  { storage, ring, clusterId }: LineagePlace,
  { key, sha256 }: Pick<Committed, 'key' | 'sha256'>,
): Promise<Place | undefined> {
  const bytes = await orDamaged(() => storage.get(key, limits.recordBytes));
  if (bytes === undefined || createHash('sha256').update(bytes).digest('hex') !== sha256) return undefined;
  const { name } = ownerOf(key);
  const says = name === null ? undefined : foundManifest(name, bytes, ring.trust.keys)?.says;
  return says?.cluster === clusterId && says.name === name ? says : undefined;
}

/** Undefined for what is too large to be a manifest. That it could not be asked for is another matter. */
async function orDamaged<T>(get: () => Promise<T>): Promise<T | undefined> {
  try {
    return await get();
  } catch (error) {
    if (isFailure(error, 'manifest-damaged')) return undefined;
    throw error;
  }
}

/**
 * The newest manifest of this client among those that are committed; undefined when there is none. A new writer has to look
 * at all of them, so it is asked before the lease is taken.
 *
 * @param committed in the order of the commits
 */
export function newestOwn(place: LineagePlace, committed: Iterable<Committed>): Promise<Last | undefined> {
  return newestKept(place, place.ring.signing?.publicKey.keyid ?? null, committed);
}

/**
 * The place of the next manifest in the chain of its writer: behind the newest one of that writer, be that committed or
 * removed. No number is given twice.
 *
 * @param later what was committed after `before` was asked for; to be asked while the lease is held
 */
export async function nextPlace(
  place: LineagePlace,
  later: Iterable<Committed>,
  before: Last | undefined,
): Promise<Lineage> {
  const writer = place.ring.signing?.publicKey.keyid ?? null;
  const kept = (await newestOwn(place, later)) ?? before;
  const last = (await newestRemoved(place, writer, kept?.sequence ?? 0)) ?? kept;
  if (last === undefined) return { writer, sequence: 1, previous: null };
  const { sequence, sha256, name } = last;
  return { writer, sequence: sequence + 1, previous: { sha256, name } };
}

/** A manifest in the chain of its writer. */
export interface Last {
  readonly sequence: number;
  readonly sha256: string;
  readonly name: string;
}

async function newestKept(
  place: LineagePlace,
  writer: string | null,
  committed: Iterable<Committed>,
): Promise<Last | undefined> {
  const newest = [...committed].toReversed();
  // The first that is asked for mostly is the one.
  for (let at = 0, count = 1; at < newest.length; at += count, count = limits.readsAtOnce) {
    const some = await inParallel(newest.slice(at, at + count), async (each) => {
      // A damaged one is told of by whoever lists; the chain goes on behind what can be read.
      const says = await placeOf(place, each);
      return says?.writer === writer ? { ...says, sha256: each.sha256 } : undefined;
    });
    const found = some.find((each) => each !== undefined);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function newestRemoved(
  { storage, ring, clusterId }: LineagePlace,
  writer: string | null,
  above: number,
): Promise<Last | undefined> {
  const own = (await listRemovals(storage, clusterId)).filter((each) => each.writer === writerName(writer));
  for (const { key, sequence } of own.toReversed()) {
    if (sequence <= above) return undefined;
    const read = await readRemoval(storage, ring.trust, clusterId, key);
    if (counts(read) && read.writer === writer) return read;
  }
  return undefined;
}
