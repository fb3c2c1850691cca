import { isFailure, limits, type Clock } from '@holdfast/base';
import { hasEnded, readHolder, thisProcess } from './holder.ts';
import { apiVersion, encodeRecord } from './record.ts';
import type { Storage, StoredObject } from './storage/storage.ts';

/** The right to change what bears one snapshot's name, until it is released. */
export interface Claim {
  /** Whether one who held the claim before died with it, so that what lies there is unfinished work. */
  readonly inherited: boolean;
  /** Whether nobody has taken this holder for dead and succeeded it. */
  isHeld(): Promise<boolean>;
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
 * Claims are numbered and the highest one holds. When its holder has died (its process has ended, or the claim is older
 * than `limits.claimAgeMs` where that cannot be seen) the next number is the successor's; since a number is written
 * only where there is none, there is one successor. What the folder holds must be looked at after this, not before.
 */
export async function claimFolder(
  storage: Storage,
  folder: string,
  clock: Clock,
): Promise<Claim | undefined> {
  const earlier = await claimsIn(storage, folder);
  const last = earlier.at(-1);
  if (last !== undefined && !(await isAbandoned(storage, last, clock))) return undefined;

  const key = `${folder}/claim-${last === undefined ? 1 : numberOf(last) + 1}.json`;
  const record = { apiVersion, kind: 'Claim', at: clock.now().toISOString(), ...thisProcess() };
  if (!(await putClaim(storage, key, record))) return undefined;
  return {
    inherited: last !== undefined,
    isHeld: async () => (await claimsIn(storage, folder)).at(-1)?.key === key,
    release: async () => {
      try {
        for (const each of [...earlier.map((object) => object.key), key]) await storage.delete(each);
      } catch {
        // The process that holds it ends soon, and with it the claim.
      }
    },
  };
}

async function putClaim(storage: Storage, key: string, record: object): Promise<boolean> {
  try {
    return await storage.put(key, encodeRecord(record));
  } catch (error) {
    if (!isFailure(error, 'disk-full')) throw error;
    // A full disk is when snapshots are removed. An empty claim needs no space; it only cannot tell its holder.
    return storage.put(key, new Uint8Array());
  }
}

/** Whether nobody will go on with what this claim was taken for. */
export async function isAbandoned(storage: Storage, claim: StoredObject, clock: Clock): Promise<boolean> {
  const bytes = await storage.get(claim.key, limits.recordBytes);
  const holder = bytes && readHolder(parse(bytes));
  const ended = holder && hasEnded(holder);
  return ended ?? clock.now().getTime() - claim.modifiedAt.getTime() > limits.claimAgeMs;
}

/** The claims of a folder, the one that holds last. */
async function claimsIn(storage: Storage, folder: string): Promise<StoredObject[]> {
  const claims: StoredObject[] = [];
  for await (const object of storage.list(folder)) if (isClaim(object)) claims.push(object);
  return claims.sort((a, b) => numberOf(a) - numberOf(b));
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
