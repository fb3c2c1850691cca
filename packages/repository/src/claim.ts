import { isFailure, limits, type Clock } from '@holdfast/base';
import { hasEnded, readHolder, thisProcess, type Holder } from './holder.ts';
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
  const written = await putClaim(storage, key, encodeRecord(record));
  if (written === undefined) return undefined;
  const isHeld = async (): Promise<boolean> => {
    if ((await claimsIn(storage, folder)).at(-1)?.key !== key) return false;
    // After a successor has released the name, its number may be another's.
    return written.equals((await storage.get(key, limits.recordBytes)) ?? new Uint8Array());
  };
  return {
    inherited: last !== undefined,
    isHeld,
    release: async () => {
      try {
        if (!(await isHeld())) return;
        for (const each of [...earlier.map((object) => object.key), key]) await storage.delete(each);
      } catch {
        // The process that holds it ends sooner or later, and with it the claim.
      }
    },
  };
}

/** Returns what was written; undefined when the number is taken. */
async function putClaim(storage: Storage, key: string, record: Buffer): Promise<Buffer | undefined> {
  try {
    return (await storage.put(key, record)) ? record : undefined;
  } catch (error) {
    if (!isFailure(error, 'disk-full')) throw error;
    // A full disk is when snapshots are removed. An empty claim needs no space; it only cannot tell its holder.
    const empty = Buffer.alloc(0);
    return (await storage.put(key, empty)) ? empty : undefined;
  }
}

/** Whether nobody will go on with what this claim was taken for. */
export async function isAbandoned(storage: Storage, claim: StoredObject, clock: Clock): Promise<boolean> {
  const holder = await holderOf(storage, claim);
  const ended = holder && hasEnded(holder);
  return ended ?? clock.now().getTime() - claim.modifiedAt.getTime() > limits.claimAgeMs;
}

/** Undefined for a claim that does not tell. */
async function holderOf(storage: Storage, claim: StoredObject): Promise<Holder | undefined> {
  try {
    const bytes = await storage.get(claim.key, limits.recordBytes);
    return bytes && readHolder(JSON.parse(Buffer.from(bytes).toString()));
  } catch (error) {
    if (error instanceof SyntaxError || isFailure(error)) return undefined;
    throw error;
  }
}

/** The claims of a folder, the one that holds last. */
async function claimsIn(storage: Storage, folder: string): Promise<StoredObject[]> {
  const claims: StoredObject[] = [];
  for await (const object of storage.list(folder)) if (isClaim(object)) claims.push(object);
  return claims.sort((a, b) => numberOf(a) - numberOf(b));
}

function numberOf(claim: StoredObject): number {
  return Number(pattern.exec(claim.key)?.[1]);
}
