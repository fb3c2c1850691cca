import { createHash } from 'node:crypto';
import { isFailure, type Failure } from '@holdfast/base';
import { type Evidence, storedBytes } from '@holdfast/model';
import type { Repository, SnapshotEntry } from '@holdfast/repository';
import { readAgain } from '@holdfast/repository/maintenance';
import type { VerbContext } from '../context.ts';
import { recordEvidence } from '../verify/record-evidence.ts';
import type { CheckFinding } from './finding.ts';

/** What reading stored snapshots again has shown. */
export interface SnapshotsRead {
  readonly names: readonly string[];
  /** Stored bytes that were read. */
  readonly bytes: number;
  readonly findings: readonly CheckFinding[];
  /** Why the repository did not take the evidence of damage, if so. */
  readonly notRecorded: Failure | null;
}

/**
 * Reads stored snapshots again and holds them against their manifests; damage becomes evidence, so that nobody takes the
 * snapshot for good any more. That all was well becomes none: it proves less than a verification. What somebody deletes
 * meanwhile is passed over: whether that was done as it should be, the chain of the next check tells.
 *
 * @param open also opens what is sealed or compressed, to its end
 * @throws key-missing, key-not-matching when it is to be opened; what storages throw; the signal's reason
 */
export async function readSnapshots(
  context: VerbContext,
  repository: Repository,
  chosen: readonly SnapshotEntry[],
  open: boolean,
): Promise<SnapshotsRead> {
  const [names, findings]: [string[], CheckFinding[]] = [[], []];
  const total = chosen.reduce((sum, each) => sum + storedBytes(each.manifest), 0);
  let [bytes, notRecorded]: [number, Failure | null] = [0, null];
  for (const entry of chosen) {
    const startedAt = context.clock.now().toISOString();
    const started = context.clock.monotonic();
    let inThis = 0;
    const onBytes = (more: number): void => {
      context.signal.throwIfAborted();
      inThis += more;
      context.onProgress?.({ phase: 'read', done: bytes + inThis, total });
    };
    const found = await unlessGone(repository, entry, () =>
      faultsOf(context, repository, entry, open, onBytes),
    );
    bytes += inThis;
    if (found === undefined) continue;
    names.push(entry.name);
    findings.push(...found);
    if (found.length === 0) continue;
    const durationMs = Math.round(context.clock.monotonic() - started);
    notRecorded ??= await recordEvidence(
      repository,
      entry,
      evidenceOf(context, entry, startedAt, durationMs, found),
    );
  }
  return { names, bytes, findings, notRecorded };
}

/** What is wrong with it; undefined when it is wrong because it was deleted since it was listed. */
async function unlessGone(
  repository: Repository,
  { cluster, name }: SnapshotEntry,
  act: () => Promise<CheckFinding[]>,
): Promise<CheckFinding[] | undefined> {
  const isGone = async (): Promise<boolean> => {
    const { snapshots, damaged } = await repository.snapshots();
    return !(
      snapshots.some((each) => each.cluster.id === cluster.id && each.name === name) ||
      damaged.some((each) => each.clusterId === cluster.id && each.name === name)
    );
  };
  let found: CheckFinding[];
  try {
    found = await act();
  } catch (error) {
    if (!isFailure(error) || error.code.startsWith('s3-') || !(await isGone())) throw error;
    return undefined;
  }
  return found.length > 0 && (await isGone()) ? undefined : found;
}

async function faultsOf(
  context: VerbContext,
  repository: Repository,
  entry: SnapshotEntry,
  open: boolean,
  onBytes: (bytes: number) => void,
): Promise<CheckFinding[]> {
  const { faults } = await readAgain(repository, entry, onBytes);
  const found = faults.map((fault) => finding('rot', entry, fault));
  return open && found.length === 0 ? await openedFindings(context, repository, entry) : found;
}

function finding(
  kind: 'rot' | 'content',
  { cluster, name }: SnapshotEntry,
  { path, why }: { readonly path: string; readonly why: string },
): CheckFinding {
  return { kind, clusterId: cluster.id, snapshots: [name], path, why };
}

async function openedFindings(
  context: VerbContext,
  repository: Repository,
  entry: SnapshotEntry,
): Promise<CheckFinding[]> {
  const { path, manifest } = entry;
  try {
    const sha256 = await hashOf(context, repository.readContent(entry));
    const companions = repository.readCompanions(entry);
    if (companions !== undefined) await hashOf(context, companions);
    if (sha256 === manifest.content.sha256) return [];
    const why = `its content has SHA-256 ${sha256}, its manifest says ${manifest.content.sha256}`;
    return [finding('content', entry, { path, why })];
  } catch (error) {
    if (isFailure(error, 'object-damaged')) return [finding('content', entry, { path, why: error.why })];
    throw error;
  }
}

async function hashOf({ signal }: VerbContext, content: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of content) {
    signal.throwIfAborted();
    hash.update(chunk);
  }
  return hash.digest('hex');
}

function evidenceOf(
  { holdfast }: VerbContext,
  { name, manifest }: SnapshotEntry,
  at: string,
  durationMs: number,
  found: readonly CheckFinding[],
): Evidence {
  return {
    apiVersion: 'holdfast.dev/v1',
    kind: 'Evidence',
    snapshot: name,
    contentSha256: manifest.content.sha256,
    at,
    holdfast,
    durationMs,
    outcome: 'failed',
    checks: found.map(({ why }) => ({ check: 'sha256', outcome: 'failed', detail: why })),
    status: null,
    pages: null,
    buckets: null,
  };
}
