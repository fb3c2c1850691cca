import { limits } from '@holdfast/base';
import { decideTrust, Evidence } from '@holdfast/model';
import type { KeyRing } from './keys/key-ring.ts';
import { openManifest, signManifest, verifyManifest } from './manifest/index.ts';
import { apiVersion, encodeRecord, parseRecord, readRecord } from './record.ts';
import { pathOf } from './storage/path-of.ts';
import type { Storage } from './storage/storage.ts';

/** What a verification has to be of, to count for a snapshot. */
export interface EvidenceSubject {
  readonly clusterId: string;
  readonly name: string;
  readonly contentSha256: string;
}

/**
 * A verification as it is stored: signed where the client signs, else plain.
 *
 * @throws signer-missing where what is written has to be signed, and this client cannot
 */
export function encodeEvidence(evidence: Evidence, { signing }: Pick<KeyRing, 'signing'>): Buffer {
  const record = encodeRecord(Evidence.parse(evidence));
  return signing === undefined ? record : signManifest(record, [signing], 'evidence');
}

/**
 * Reads a verification, if it counts: where signatures are asked for it must be signed, and of this very snapshot.
 *
 * @returns undefined when there is none (any more), or none that counts
 * @throws manifest-damaged, repository-newer, what storages throw
 */
export async function readEvidence(
  storage: Storage,
  { policy, keys }: KeyRing['trust'],
  key: string,
  subject: EvidenceSubject,
): Promise<Evidence | undefined> {
  const bytes = await storage.get(key, limits.recordBytes);
  if (bytes === undefined) return undefined;
  if (!isEnvelope(bytes)) {
    // Whoever may write there can have made it.
    if (policy.require === 'signed') return undefined;
    return (await readRecord(storage, key, Evidence))?.record;
  }
  const path = pathOf(storage, key);
  const envelope = openManifest(bytes, path, 'evidence');
  const evidence = parseRecord(
    envelope.payload,
    { path, repository: storage.location, version: apiVersion },
    Evidence,
  );
  const signers = verifyManifest(envelope, keys, 'evidence');
  const facts = { form: 'signed-envelope', ...signers, capturedAt: evidence.at } as const;
  if (!decideTrust(policy, facts).trusted) return undefined;
  const { clusterId, name, contentSha256 } = subject;
  const isOwn =
    evidence.cluster === clusterId && evidence.snapshot === name && evidence.contentSha256 === contentSha256;
  // Another's may be an earlier snapshot of this name, whose verification ended after it was removed.
  return isOwn ? evidence : undefined;
}

function isEnvelope(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 64)).toString('latin1').includes('"payloadType"');
}
