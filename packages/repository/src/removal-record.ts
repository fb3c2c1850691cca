import { createHash } from 'node:crypto';
import { isFailure, limits, type Clock } from '@holdfast/base';
import { decideTrust, RemovalRecord, type RemovedManifest } from '@holdfast/model';
import type { KeyRing } from './keys/key-ring.ts';
import { removedFolder } from './layout.ts';
import { openManifest, signManifest, verifyManifest } from './manifest/index.ts';
import { apiVersion, encodeRecord, parseRecord } from './record.ts';
import { pathOf } from './storage/path-of.ts';
import type { Storage } from './storage/storage.ts';

/** What the name of a removal's record says; whether the record is worth anything shows only in itself. */
export interface NamedRemoval {
  readonly key: string;
  /** Of the manifest. */
  readonly sha256: string;
  readonly sequence: number;
  /** As {@link writerName} has it. */
  readonly writer: string;
}

/** Why a record of a removal does not count: `stranger` is nobody's fault, it is of a writer whose key is not known. */
export type RemovalFault = { readonly fault: string } | 'stranger';

const pattern = /\/removed\/([0-9a-f]{16}|unsigned)-(\d{12})-([0-9a-f]{64})\.json$/;

/** A writer in the names of records, so that names sort by writer and number: the beginning of the hash of its key's id. */
export function writerName(writer: string | null): string {
  return writer === null ? 'unsigned' : createHash('sha256').update(writer).digest('hex').slice(0, 16);
}

function removalKey(clusterId: string, removed: Omit<RemovedManifest, 'previous'>): string {
  const { writer, sequence, sha256 } = removed;
  return `${removedFolder(clusterId)}/${writerName(writer)}-${String(sequence).padStart(12, '0')}-${sha256}.json`;
}

/** The records of a cluster, by their names alone, in the order of writers and numbers. @throws what storages throw */
export async function listRemovals(storage: Storage, clusterId: string): Promise<NamedRemoval[]> {
  const named: NamedRemoval[] = [];
  for await (const { key } of storage.list(removedFolder(clusterId))) {
    const [, writer, sequence, sha256] = pattern.exec(key) ?? [];
    if (writer === undefined || sha256 === undefined) continue;
    named.push({ key, writer, sequence: Number(sequence), sha256 });
  }
  return named.sort((a, b) => (a.key < b.key ? -1 : 1));
}

/**
 * Reads a record, if it counts: its signature is one that counts for manifests too. The chain of writers without a key
 * shows accidents alone, so what was removed of it needs no signature.
 *
 * @returns undefined when there is none (any more)
 * @throws what storages throw
 */
export async function readRemoval(
  storage: Storage,
  { policy, keys }: KeyRing['trust'],
  clusterId: string,
  key: string,
): Promise<RemovalRecord | RemovalFault | undefined> {
  const path = pathOf(storage, key);
  try {
    const bytes = await storage.get(key, limits.recordBytes);
    if (bytes === undefined) return undefined;
    const envelope = openManifest(bytes, path, 'removal');
    const at = { path, repository: storage.location, version: apiVersion };
    const record = parseRecord(envelope.payload, at, RemovalRecord);
    if (record.cluster !== clusterId) return { fault: `it belongs to cluster ${record.cluster}` };
    if (removalKey(clusterId, record) !== key) return { fault: 'it has the name of another record' };
    const { writer } = record;
    if (writer !== null && !keys.some(({ keyid }) => keyid === writer)) return 'stranger';
    const signers = verifyManifest(envelope, keys, 'removal');
    if (writer === null && policy.require === 'any' && signers.broken.length === 0) return record;
    const facts = { form: 'signed-envelope', ...signers, capturedAt: record.at } as const;
    const { trusted, why } = decideTrust(policy, facts);
    return trusted ? record : { fault: why };
  } catch (error) {
    if (isFailure(error, 'manifest-damaged') || isFailure(error, 'repository-newer'))
      return { fault: error.why };
    throw error;
  }
}

/** Whether a reading is a record that counts. */
export function counts(read: RemovalRecord | RemovalFault | undefined): read is RemovalRecord {
  return read !== undefined && read !== 'stranger' && !('fault' in read);
}

/**
 * Which of some manifests were removed, by the records that count.
 *
 * @param among SHA-256s of manifests; all that were removed when absent
 * @returns their SHA-256s
 * @throws what storages throw
 */
export async function removedAmong(
  { storage, ring }: { readonly storage: Storage; readonly ring: Pick<KeyRing, 'trust'> },
  clusterId: string,
  among?: ReadonlySet<string>,
): Promise<Set<string>> {
  const removed = new Set<string>();
  for (const { key, sha256 } of await listRemovals(storage, clusterId)) {
    if (among !== undefined && !among.has(sha256)) continue;
    if (counts(await readRemoval(storage, ring.trust, clusterId, key))) removed.add(sha256);
  }
  return removed;
}

/**
 * Puts the record of a removal. From then on the manifest does not exist, wherever the record counts.
 *
 * @throws signer-missing where removals have to be signed, and this client cannot; what storages throw
 */
export async function putRemoval(
  { storage, ring, clock }: { storage: Storage; ring: KeyRing; clock: Clock },
  clusterId: string,
  removed: RemovedManifest & { readonly name: string },
): Promise<void> {
  const { name, writer, sequence, sha256, previous } = removed;
  const key = removalKey(clusterId, removed);
  const record = RemovalRecord.parse({
    apiVersion,
    kind: 'Removal',
    cluster: clusterId,
    name,
    writer,
    sequence,
    sha256,
    previous,
    at: clock.now().toISOString(),
  });
  const bytes = signManifest(
    encodeRecord(record),
    ring.signing === undefined ? [] : [ring.signing],
    'removal',
  );
  while (!(await storage.put(key, bytes))) {
    if (counts(await readRemoval(storage, ring.trust, clusterId, key))) return;
    // What lies in its place is worth nothing: somebody's forgery, or bit rot.
    await storage.delete(key);
  }
}
