import { statfs } from 'node:fs/promises';
import { type Failure, formatBytes, formatDuration, isFailure, limits } from '@holdfast/base';
import { newestVerified } from '@holdfast/model';
import type { Listing, Repository } from '@holdfast/repository';
import type { VerbContext } from '../context.ts';
import { checkMount } from './mount-checks.ts';
import type { SeenRepository } from './policy-checks.ts';
import { failureOnly, Findings } from './report.ts';

/** A repository that is not open yet. */
export interface RepositoryToOpen {
  /** As its user calls it. */
  readonly name: string;
  open(): Promise<Repository>;
  /** Of a folder of this machine, where it is. */
  readonly folder?: string;
  /** Of a bucket, what trying everything out there shows. */
  readonly probe?: () => Promise<Connection>;
}

/** What is wrong with the way to a bucket: what keeps it from working, and what there is a way around. */
export interface Connection {
  readonly fault: Failure | undefined;
  readonly worries: readonly Failure[];
}

/** What was seen of a repository. */
export interface ExaminedRepository {
  readonly name: string;
  readonly findings: Findings;
  /** Undefined where it could not be opened. */
  readonly seen: (SeenRepository & { readonly repository: Repository }) | undefined;
  /** Whether it would outlive this machine; undefined where that is not known. */
  readonly isElsewhere: boolean | undefined;
}

/**
 * Whether a repository can be read and written, has room for the next snapshot, and holds something proven.
 *
 * @param dbSize bytes of the etcd database, 0 when not known
 */
export async function checkRepository(
  context: VerbContext,
  wanted: RepositoryToOpen,
  dbSize: number,
): Promise<ExaminedRepository> {
  const { name, folder } = wanted;
  const findings = new Findings(name);
  const mount = folder === undefined ? undefined : await checkMount(findings, folder, context.clock);
  const none = { name, findings, seen: undefined, isElsewhere: mount?.isRemote ?? true };
  if (mount?.answers === false) return none;
  try {
    const repository = await wanted.open();
    findings.ok('reachable', `repository ${repository.record.id}`);
    await checkWriting(findings, repository);
    if (wanted.probe !== undefined) tellConnection(findings, await wanted.probe());
    const listing = await repository.snapshots();
    if (folder === undefined) findings.skipped('space', 'a bucket does not tell what is left');
    else await checkSpace(findings, repository.location, Math.max(dbSize, ...listing.snapshots.map(sizeOf)));
    checkRecords(findings, listing);
    checkProof(findings, listing, context.clock.now());
    return { ...none, seen: { name, snapshots: listing.snapshots, folder, repository } };
  } catch (error) {
    const failure = failureOnly(error);
    if (!isFailure(failure, 'repository-missing')) findings.failure('reachable', failure);
    else findings.warning('reachable', 'there is none yet', 'setup', failure.next);
    return none;
  }
}

function tellConnection(findings: Findings, { fault, worries }: Connection): void {
  if (fault !== undefined) findings.failure('connection', fault);
  else if (worries.length === 0) findings.ok('connection', 'put, read, list, upload and delete work');
  for (const { why, next } of worries) findings.warning('connection', why, 'setup', next);
}

const sizeOf = (entry: Listing['snapshots'][number]): number => entry.manifest.content.size;

/** Only a write tells: access rights say nothing of quotas, full disks and read-only mounts. */
async function checkWriting(findings: Findings, repository: Repository): Promise<void> {
  try {
    const probe = await repository.storage.create('doctor/probe');
    try {
      await probe.write(Buffer.alloc(4096));
      await probe.sync();
    } finally {
      await probe.discard();
    }
    findings.ok('writable', 'a probe was written and removed');
  } catch (error) {
    findings.failure('writable', failureOnly(error));
  }
}

async function checkSpace(findings: Findings, location: string, expected: number): Promise<void> {
  const { bavail, bsize } = await statfs(location);
  const free = bavail * bsize;
  const needed = expected + limits.spareSpaceBytes;
  const found = `${formatBytes(free)} free, the next snapshot needs about ${formatBytes(needed)}`;
  if (free >= 2 * needed) findings.ok('space', found);
  else if (free >= needed)
    findings.warning('space', found, 'disk space', 'Make room before the one after next.');
  else findings.failed('space', found, 'disk space', 'Free some space, or use another file system.');
}

function checkRecords(findings: Findings, { damaged, unfinished }: Listing): void {
  if (damaged.length === 0) {
    findings.ok('records', 'all can be read');
  } else {
    const found = damaged.map(({ path, failure }) => `${path}: ${failure.why}`).join('; ');
    findings.failed(
      'records',
      found,
      'data',
      'Bring them back from a copy, or delete those snapshots by name.',
    );
  }
  const dead = unfinished.filter((each) => !each.busy);
  if (dead.length === 0) return findings.ok('leftovers', 'none');
  const size = formatBytes(dead.reduce((sum, each) => sum + each.size, 0));
  findings.warning(
    'leftovers',
    `${dead.length} unfinished ${dead.length === 1 ? 'save' : 'saves'}, ${size}: ${dead.map((each) => each.name).join(', ')}`,
    'disk space',
    'They are no snapshots. `holdfast snapshot delete NAME --yes` removes them.',
  );
}

/** Per cluster: is there a proven snapshot, and is it fresh? */
function checkProof(findings: Findings, { clusters, snapshots }: Listing, now: Date): void {
  for (const cluster of clusters) {
    const own = snapshots.filter((each) => each.cluster.id === cluster.id);
    const newest = own.find((each) => each.name === newestVerified(own));
    const check = `proof of ${cluster.name}`;
    if (newest === undefined) {
      const fix = 'Run `holdfast snapshot verify latest`, or save a new one.';
      findings.failed(check, `none of ${own.length} snapshots is verified`, 'data', fix);
      continue;
    }
    const age = now.getTime() - Date.parse(newest.manifest.times.finishedAt);
    const found = `${newest.name} is verified and ${formatDuration(age)} old`;
    if (age <= limits.freshSnapshotMs) findings.ok(check, found);
    else findings.warning(check, found, 'data', 'Save a new one; what changed since would be lost.');
  }
}
