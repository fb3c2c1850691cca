import { Failure, isFailure } from '@holdfast/base';
import { openFileSource, type ByteSource } from '@holdfast/etcd/bolt';
import { readPosition, verifySnapshotFile, type SnapshotPosition } from '@holdfast/etcd/snapshot';
import type { Check, Evidence } from '@holdfast/model';
import type { Repository, SnapshotEntry } from '@holdfast/repository';
import { showSnapshot, type SnapshotChoice } from '../catalog/index.ts';
import type { VerbContext } from '../context.ts';
import { checkAgreement } from './agreement.ts';

/** What a verification found, and what became of the record of it. */
export interface SnapshotVerification {
  readonly evidence: Evidence;
  /** Why the repository did not take the evidence (it is read-only, or full); null when it did. */
  readonly notRecorded: Failure | null;
}

/**
 * Proves a snapshot again, with no etcd: its file against the manifest and against itself, and HashKV against what
 * the live member answered. Damage is what the evidence says, not an error. The file is only read.
 *
 * @throws as `showSnapshot`; snapshot-damaged when there is no file, file-unreadable, the signal's reason
 */
export async function verifySnapshot(
  context: VerbContext,
  repository: Repository,
  choice: SnapshotChoice,
): Promise<SnapshotVerification> {
  const entry = await showSnapshot(context, repository, choice);
  const evidence = await examine(context, entry);
  return { evidence, notRecorded: await record(repository, entry, evidence) };
}

async function examine(context: VerbContext, entry: SnapshotEntry): Promise<Evidence> {
  const { clock, holdfast, signal, onProgress } = context;
  const { manifest, name } = entry;
  const at = clock.now().toISOString();
  const started = clock.monotonic();
  const source = openStored(entry);
  try {
    const found = await verifySnapshotFile(source, {
      expected: manifest.content,
      hashKv: manifest.hashKv,
      signal,
      ...(onProgress && { onProgress: (done, total) => onProgress({ phase: 'verify', done, total }) }),
    });
    const checks = checkAgreement(found.checks, manifest, await positionIn(source));
    return {
      apiVersion: 'holdfast.dev/v1',
      kind: 'Evidence',
      snapshot: name,
      at,
      holdfast,
      durationMs: Math.round(clock.monotonic() - started),
      outcome: outcomeOf(checks),
      checks,
      status: found.status,
      pages: found.pages,
      buckets: found.buckets,
    };
  } finally {
    await source.close();
  }
}

function openStored({ name, path, damage }: SnapshotEntry): ByteSource {
  try {
    return openFileSource(path);
  } catch (error) {
    // A file that is not there is damage of the snapshot; one that may not be read is not.
    if (damage === null || !isFailure(error, 'file-unreadable')) throw error;
    throw new Failure('snapshot-damaged', damage, { name }, { cause: error });
  }
}

async function positionIn(source: ByteSource): Promise<SnapshotPosition | null> {
  try {
    return await readPosition(source);
  } catch (error) {
    if (isFailure(error, 'not-a-snapshot')) return null;
    throw error;
  }
}

function outcomeOf(checks: readonly Check[]): Evidence['outcome'] {
  if (checks.some((each) => each.outcome === 'failed')) return 'failed';
  return checks.every((each) => each.outcome === 'passed') ? 'passed' : 'incomplete';
}

/** Returns why the repository did not take it, if so. */
async function record(
  repository: Repository,
  entry: SnapshotEntry,
  evidence: Evidence,
): Promise<Failure | null> {
  try {
    await repository.addEvidence(entry, evidence);
    return null;
  } catch (error) {
    if (isFailure(error, 'file-unwritable') || isFailure(error, 'disk-full')) return error;
    throw error;
  }
}
