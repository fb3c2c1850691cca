import { isFailure, type Clock } from '@holdfast/base';
import { Pin, Unwanted } from '@holdfast/model';
import { isClaim } from './claim.ts';
import { pinFile, unwantedFile } from './layout.ts';
import { apiVersion, encodeRecord, readRecord } from './record.ts';
import type { Storage, StoredObject } from './storage/storage.ts';

/** Where the marks of a snapshot are. */
export interface MarksPlace {
  readonly storage: Storage;
  readonly clock: Clock;
  /** The snapshot's folder. */
  readonly folder: string;
}

/** What a mark says; `since` is now when absent. */
export type UnwantedMark = Pick<Unwanted, 'policy' | 'why'> & { readonly since?: string | undefined };

/** Whether a pin still holds; one that ends by itself does so on its time. */
export function holds({ until }: Pick<Pin, 'until'>, now: Date): boolean {
  return until === null || Date.parse(until) > now.getTime();
}

/** What a pin says whose record cannot be read: the doubt is in favour of keeping. */
export function unreadablePin({ modifiedAt }: StoredObject): Pin {
  const reason = 'the record of the pin is damaged';
  return { apiVersion, kind: 'Pin', at: modifiedAt.toISOString(), reason, until: null };
}

/** Puts a pin, in the place of one that has ended too; false when there is one that holds. */
export async function putPin(
  place: MarksPlace,
  { reason, until }: Pick<Pin, 'reason' | 'until'>,
): Promise<boolean> {
  const { storage, clock, folder } = place;
  const key = `${folder}/${pinFile}`;
  const at = clock.now().toISOString();
  const record = encodeRecord(Pin.parse({ apiVersion, kind: 'Pin', at, reason, until }));
  if (await storage.put(key, record)) return true;
  if (await isPinned(place)) return false;
  await storage.delete(key);
  return storage.put(key, record);
}

/** Whether a pin is there that holds, or that cannot be read. */
export async function isPinned({ storage, clock, folder }: MarksPlace): Promise<boolean> {
  try {
    const pin = await readRecord(storage, `${folder}/${pinFile}`, Pin);
    return pin !== undefined && holds(pin.record, clock.now());
  } catch (error) {
    if (isFailure(error, 'manifest-damaged') || isFailure(error, 'repository-newer')) return true;
    throw error;
  }
}

/** Puts the mark of what is not wanted any more; false when one is there. */
export function putUnwanted(
  { storage, clock, folder }: MarksPlace,
  { policy, why, since = clock.now().toISOString() }: UnwantedMark,
): Promise<boolean> {
  const mark = Unwanted.parse({ apiVersion, kind: 'Unwanted', since, policy, why });
  return storage.put(`${folder}/${unwantedFile}`, encodeRecord(mark));
}

/**
 * Whether what lies here without a manifest is what a removal has left: it goes on where the mark is still there, which
 * goes last, or nothing but claims is.
 */
export async function isCutRemoval({ storage, folder }: Omit<MarksPlace, 'clock'>): Promise<boolean> {
  let isEmpty = true;
  for await (const object of storage.list(folder)) {
    if (object.key === `${folder}/${unwantedFile}`) return true;
    isEmpty &&= isClaim(object);
  }
  return isEmpty;
}
