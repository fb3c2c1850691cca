import { Failure, isFailure } from '@holdfast/base';
import type { Check, Evidence } from '@holdfast/model';
import type { Repository, SnapshotEntry } from '@holdfast/repository';
import { showSnapshot, type SnapshotChoice } from '../catalog/index.ts';
import { storedContent, verifyContent } from '../content/index.ts';
import type { VerbContext } from '../context.ts';
import { checkAgreement } from './agreement.ts';
import { recordEvidence } from './record-evidence.ts';
import { checkStored, cannotBeOpened } from './stored-checks.ts';

/** What a verification found, and what became of the record of it. */
export interface SnapshotVerification {
  readonly evidence: Evidence;
  /** Why the repository did not take the evidence (it is read-only, or full); null when it did. */
  readonly notRecorded: Failure | null;
}

/**
 * Proves a snapshot again, with no etcd: its content against the manifest and against itself, HashKV against what the live
 * member answered, and the stored object against the manifest. Damage is what the evidence says, not an error. Nothing
 * but the evidence is written; what is sealed lies plain nowhere.
 *
 * @throws as `showSnapshot`; snapshot-damaged when there is no file, file-unreadable; key-missing and key-not-matching for
 *   what is sealed; not-enough-space, disk-full, file-unwritable of the scratch; the signal's reason
 */
export async function verifySnapshot(
  context: VerbContext,
  repository: Repository,
  choice: SnapshotChoice,
): Promise<SnapshotVerification> {
  const entry = await showSnapshot(context, repository, choice);
  const evidence = await examine(context, repository, entry);
  return {
    evidence,
    notRecorded: await recordEvidence(repository, entry, evidence, ({ code }) => unrecorded.includes(code)),
  };
}

async function examine(
  context: VerbContext,
  repository: Repository,
  entry: SnapshotEntry,
): Promise<Evidence> {
  const { clock, holdfast } = context;
  const at = clock.now().toISOString();
  const started = clock.monotonic();
  const found = await look(context, repository, entry);
  return {
    apiVersion: 'holdfast.dev/v1',
    kind: 'Evidence',
    snapshot: entry.name,
    contentSha256: entry.manifest.content.sha256,
    at,
    holdfast,
    durationMs: Math.round(clock.monotonic() - started),
    outcome: outcomeOf(found.checks),
    ...found,
  };
}

type Found = Pick<Evidence, 'checks' | 'status' | 'pages' | 'buckets'>;

async function look(context: VerbContext, repository: Repository, entry: SnapshotEntry): Promise<Found> {
  const { manifest, name, damage } = entry;
  try {
    const content = storedContent(repository, entry);
    const { checks, status, pages, buckets, position, storedSha256 } = await verifyContent(context, content, {
      phase: 'verify',
      expected: manifest.content,
      hashKv: manifest.hashKv,
    });
    const agreed = checkAgreement(checks, manifest, position);
    return { checks: checkStored(agreed, manifest, storedSha256), status, pages, buckets };
  } catch (error) {
    if (isFailure(error, 'object-damaged')) {
      return { checks: cannotBeOpened(error.why), status: null, pages: null, buckets: null };
    }
    // An object that is not there is damage of the snapshot; one that may not be read is not.
    if (damage === null || !isFailure(error, 'file-unreadable')) throw error;
    throw new Failure('snapshot-damaged', damage, { name }, { cause: error });
  }
}

/** What all checks come to. */
export function outcomeOf(checks: readonly Check[]): Evidence['outcome'] {
  if (checks.some((each) => each.outcome === 'failed')) return 'failed';
  return checks.every((each) => each.outcome === 'passed') ? 'passed' : 'incomplete';
}

/** Why a reader may prove a snapshot and record nothing: it may not write there, or cannot sign. */
const unrecorded: readonly string[] = [
  'file-unwritable',
  'disk-full',
  'signer-missing',
  's3-permission',
  'repository-read-only',
];
