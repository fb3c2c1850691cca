import { createHash } from 'node:crypto';
import { Failure, limits } from '@holdfast/base';
import { decideTrust, SnapshotManifest, SnapshotManifestV1, type TrustDecision } from '@holdfast/model';
import type { ManifestFile } from './entry.ts';
import type { KeyRing } from './keys/key-ring.ts';
import { openManifest, verifyManifest } from './manifest/index.ts';
import { parseRecord, readRecord } from './record.ts';
import { pathOf } from './storage/path-of.ts';
import type { Storage } from './storage/storage.ts';

/** A manifest with the SHA-256 (hexadecimal) of its stored bytes, and whether it is trusted. */
export interface ReadManifest {
  readonly manifest: SnapshotManifest;
  readonly sha256: string;
  readonly trust: TrustDecision;
}

/**
 * Reads a manifest of either version; undefined when there is none.
 *
 * @param committed as ManifestFile has it
 * @throws manifest-damaged, repository-newer, file-unreadable, what storages throw
 */
export async function readManifest(
  storage: Storage,
  key: string,
  committed: ManifestFile['committed'],
  ringTrust: KeyRing['trust'],
): Promise<ReadManifest | undefined> {
  if (committed === 'v1') {
    const read = await readRecord(storage, key, SnapshotManifestV1);
    if (read === undefined) return undefined;
    const { record: manifest, sha256 } = read;
    const facts = { form: 'v1', signedBy: [], broken: [], unknown: [] } as const;
    const trust = decideTrust(ringTrust.policy, { ...facts, capturedAt: manifest.times.finishedAt });
    return { manifest, sha256, trust };
  }
  const bytes = await storage.get(key, limits.recordBytes);
  if (bytes === undefined) return undefined;
  return takeManifest(storage, key, bytes, ringTrust, committed === 'unknown' ? undefined : committed.sha256);
}

/**
 * Takes the stored bytes of a manifest for what they say, and judges their signatures.
 *
 * @param expected the SHA-256 that they have to have, hexadecimal
 * @throws manifest-damaged, repository-newer
 */
export function takeManifest(
  storage: Storage,
  key: string,
  bytes: Uint8Array,
  { policy, keys }: KeyRing['trust'],
  expected?: string,
): ReadManifest {
  const path = pathOf(storage, key);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (expected !== undefined && sha256 !== expected) {
    throw new Failure('manifest-damaged', 'its bytes are not those that were committed', { path });
  }
  const envelope = openManifest(bytes, path);
  const at = { path, repository: storage.location, version: 'holdfast.dev/v2' };
  const manifest = parseRecord(envelope.payload, at, SnapshotManifest);
  const signers = verifyManifest(envelope, keys);
  const capturedAt = manifest.times.finishedAt;
  const trust = decideTrust(policy, { form: 'signed-envelope', ...signers, capturedAt });
  return { manifest, sha256, trust };
}
