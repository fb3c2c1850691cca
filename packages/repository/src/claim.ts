import { limits, type Clock } from '@holdfast/base';
import { hasEnded, readHolder, thisProcess } from './holder.ts';
import { apiVersion, encodeRecord } from './record.ts';
import type { Storage, StoredObject } from './storage/storage.ts';

/** The right to change what bears one snapshot's name, until it is released. */
export interface Claim {
  /** Whether one who held the claim before died with it, so that what lies there is unfinished work. */
  readonly inherited: boolean;
  /** Gives the name free again. Never rejects: a claim that cannot be removed expires. */
  release(): Promise<void>;
}

const pattern = /\/claim-([1-9]\d{0,8})\.json$/;

/** Whether an object is a claim. */
export function isClaim(object: StoredObject): boolean {
  return pattern.test(object.key);
}

/**
 * Claims a snapshot's folder, so that of two saves or deletions with one name only one goes on; undefined when
 * another holds it.
 *
 * Claims are numbered and the highest one holds. When its holder has died (its process has ended, or it is older than
 * `limits.claimAgeMs` where that cannot be seen) the next number is the successor's; since a number is written
 * only where there is none, there is one successor. What the folder holds must be looked at after this, not before.
 */
export async function claimFolder(
  storage: Storage,
  folder: string,
  clock: Clock,
): Promise<Claim | undefined> {
  const earlier: StoredObject[] = [];
  for await (const object of storage.list(folder)) if (isClaim(object)) earlier.push(object);
  earlier.sort((a, b) => numberOf(a) - numberOf(b));
  const last = earlier.at(-1);
  if (last !== undefined && !(await isAbandoned(storage, last, clock))) return undefined;

  const key = `${folder}/claim-${last === undefined ? 1 : numberOf(last) + 1}.json`;
  const record = { apiVersion, kind: 'Claim', at: clock.now().toISOString(), ...thisProcess() };
  if (!(await storage.put(key, encodeRecord(record)))) return undefined;
  return {
    inherited: last !== undefined,
    release: async () => {
      try {
        for (const each of [...earlier.map((object) => object.key), key]) await storage.delete(each);
      } catch {
        // The process that holds it ends soon, and with it the claim.
      }
    },
  };
}

/** Whether nobody will go on with what this claim was taken for. */
export async function isAbandoned(storage: Storage, claim: StoredObject, clock: Clock): Promise<boolean> {
  if (clock.now().getTime() - claim.modifiedAt.getTime() > limits.claimAgeMs) return true;
  const bytes = await storage.get(claim.key, limits.recordBytes);
  const holder = bytes && readHolder(parse(bytes));
  return holder !== undefined && hasEnded(holder);
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
}

function numberOf(claim: StoredObject): number {
  return Number(pattern.exec(claim.key)?.[1]);
}
