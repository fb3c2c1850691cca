import { Failure } from '@holdfast/base';
import type { ByteSource } from '@holdfast/etcd/bolt';
import { imageSize, readPosition, verifySnapshotFile } from '@holdfast/etcd/snapshot';
import type { Evidence, SnapshotManifest } from '@holdfast/model';
import type { VerbContext } from '../context.ts';
import { checkAgreement } from '../verify/agreement.ts';
import { recordEvidence } from '../verify/record-evidence.ts';
import { outcomeOf } from '../verify/verify.ts';
import type { Delivery, StoredBytes } from './destination.ts';

/** The part of the manifest that content is held against; the same wherever it is stored. */
type Claims = Pick<SnapshotManifest, 'content' | 'hashKv' | 'revision' | 'compactRevision'>;

/**
 * Verifies content that came from etcd a moment ago, and whose SHA-256 was computed as it came.
 *
 * @throws file-unreadable, the signal's reason
 */
export async function proveStreamed(
  { clock, signal, holdfast, onProgress }: VerbContext,
  source: ByteSource,
  claims: Claims,
): Promise<Omit<Evidence, 'snapshot'>> {
  const at = clock.now().toISOString();
  const started = clock.monotonic();
  const trailer = await trailerOf(source);
  const found = await verifySnapshotFile(source, {
    expected: claims.content,
    hashKv: claims.hashKv,
    // The trailer was found to be the hash of what precedes it when it came.
    hashes: { file: claims.content.sha256, image: trailer, trailer },
    signal,
    ...(onProgress && { onProgress: (done, total) => onProgress({ phase: 'verify', done, total }) }),
  });
  const checks = checkAgreement(found.checks, claims, await readPosition(source));
  return {
    apiVersion: 'holdfast.dev/v1',
    kind: 'Evidence',
    contentSha256: claims.content.sha256,
    at,
    holdfast,
    durationMs: Math.round(clock.monotonic() - started),
    outcome: outcomeOf(checks),
    source: 'streamed',
    checks,
    status: found.status,
    pages: found.pages,
    buckets: found.buckets,
  };
}

/** Records in a repository what was found of the content, with the read-back of what is stored of it there. */
export async function recordStreamed(
  { repository, cluster, writer }: Delivery,
  proof: Omit<Evidence, 'snapshot'>,
  { size, sha256 }: StoredBytes,
): Promise<{ evidence: Evidence; notRecorded: Failure | null }> {
  const detail = `the ${size} bytes that are stored were read again: their SHA-256 is ${sha256}, as it was sent`;
  const evidence: Evidence = {
    ...proof,
    snapshot: writer.name,
    source: 'streamed',
    checks: [...proof.checks, { check: 'readback', outcome: 'passed', detail }],
  };
  const snapshot = { name: writer.name, cluster };
  return { evidence, notRecorded: await recordEvidence(repository, snapshot, evidence) };
}

/** What a proof that failed means; undefined when it did not. */
export function failureOf({ checks, snapshot: name }: Evidence): Failure | undefined {
  const failed = checks.filter((each) => each.outcome === 'failed');
  if (failed.length === 0) return undefined;
  const why = failed.map((each) => each.detail).join('; ');
  const differs = failed.every((each) => each.check === 'hashkv');
  return new Failure(differs ? 'etcd-hash-mismatch' : 'snapshot-damaged', why, { name });
}

async function trailerOf(source: ByteSource): Promise<string> {
  const image = imageSize(source.size);
  const trailer = Buffer.alloc(source.size - image);
  await source.read(trailer, image);
  return trailer.toString('hex');
}
