import { Failure, isFailure } from '@holdfast/base';
import { openFileSource } from '@holdfast/etcd/bolt';
import type { EtcdClient, MemberStatus } from '@holdfast/etcd/client';
import { readPosition, trailerSize, type SnapshotPosition } from '@holdfast/etcd/snapshot';
import { receiveSnapshot } from '@holdfast/etcd/stream';
import { chooseMember, defaultSnapshotName, type MemberChoice, type SnapshotManifest } from '@holdfast/model';
import type { Repository, SnapshotEntry, SnapshotWriter } from '@holdfast/repository';
import type { VerbContext } from '../context.ts';
import { orAborted } from '../or-aborted.ts';
import { verifySnapshot } from '../verify/index.ts';
import { clusterRecord } from './cluster-record.ts';
import { EarlyWriteback } from './early-writeback.ts';
import { checkFreeSpace } from './free-space.ts';
import { manifestOf } from './manifest.ts';

export interface SaveOptions {
  readonly client: EtcdClient;
  readonly repository: Repository;
  /** The cluster's name or id in the repository; by etcd's cluster id when absent. */
  readonly cluster?: string;
  /** Refused when it is taken. When absent: `<base>-<member>-<unix time>`, numbered until it is free. */
  readonly name?: string;
  /** `on-demand` when absent. */
  readonly base?: string;
  /** Only this member will do: one of the client's endpoints. */
  readonly endpoint?: string;
  /** Save even where quorum or health is in doubt; the snapshot is then marked degraded. */
  readonly allowDegraded?: boolean;
  /** `manual` when absent. */
  readonly trigger?: SnapshotManifest['trigger'];
  /** Unless false, the snapshot is proven once it is stored. */
  readonly verify?: boolean;
}

export interface SaveReport {
  /** As it is in the repository now, with its evidence. */
  readonly snapshot: SnapshotEntry;
  /** Milliseconds in all, and of these until the snapshot was stored. */
  readonly durationMs: number;
  readonly storedMs: number;
}

/**
 * Saves a snapshot of a live etcd: chooses a member, streams from it with the hash checked on the way, asks it for its
 * HashKV, stores the file and then the manifest, both durable, and proves what is stored. Nothing is listed before it is
 * whole, and nothing is left when this fails earlier.
 *
 * @throws Failure etcd-unreachable, etcd-tls, etcd-auth, etcd-refused, etcd-no-quorum, etcd-unhealthy,
 * etcd-stream-broken, -stalled, -damaged; snapshot-name-invalid, -taken, -busy; cluster-ambiguous, usage;
 * not-enough-space, disk-full, file-unwritable. After it is stored (and kept, marked damaged): etcd-hash-mismatch,
 * snapshot-damaged. The signal's reason when it is aborted.
 */
export async function saveSnapshot(context: VerbContext, options: SaveOptions): Promise<SaveReport> {
  const { client, repository } = options;
  const startedAt = context.clock.now();
  const began = context.clock.monotonic();
  const { choice, status } = await orAborted(chosenMember(options), context.signal);
  const cluster = await clusterRecord(repository, status.clusterId, options.cluster);
  const previous = (await repository.snapshots(cluster.id)).snapshots.at(-1);
  const { endpoint, name: node } = choice.member;
  const wanted = options.name ?? defaultSnapshotName(options.base ?? 'on-demand', node, startedAt);
  const writer = await repository.stageSnapshot(cluster.id, wanted, { unique: options.name === undefined });
  try {
    const content = await receive(context, client, endpoint, status.dbSize, writer);
    const position = await positionIn(writer, endpoint);
    const hashing = orAborted(client.hashKv(endpoint, position), context.signal);
    // The member hashes while the disk writes.
    const [hashKv] = await Promise.all([hashing, writer.sync()]);
    const trigger = options.trigger ?? 'manual';
    const facts = {
      name: writer.name,
      holdfast: context.holdfast,
      cluster,
      choice,
      status,
      content,
      trigger,
    };
    const finishedAt = context.clock.now();
    await writer.commit(manifestOf({ ...facts, position, hashKv, previous, startedAt, finishedAt }));
  } catch (error) {
    await writer.discard();
    throw error;
  }
  const storedMs = context.clock.monotonic() - began;
  if (options.verify !== false) await prove(context, repository, cluster.id, writer.name);
  const snapshot = await repository.snapshot(writer.name, cluster.id);
  return { snapshot, storedMs, durationMs: context.clock.monotonic() - began };
}

async function chosenMember(options: SaveOptions): Promise<{ choice: MemberChoice; status: MemberStatus }> {
  const { client, endpoint, allowDegraded } = options;
  if (endpoint !== undefined && !client.endpoints.includes(endpoint)) {
    throw new Failure('usage', `${endpoint} is not among the endpoints ${client.endpoints.join(', ')}`);
  }
  const { members } = await client.survey();
  const choice = chooseMember(members, {
    ...(endpoint !== undefined && { endpoint }),
    ...(allowDegraded !== undefined && { allowDegraded }),
  });
  if (choice.outcome === 'refused') {
    throw new Failure(choice.code, choice.why, { endpoint: endpoint ?? client.endpoints.join(', ') });
  }
  const status = members.find((each) => each === choice.member)?.status;
  if (status === undefined) throw new Error(`${choice.member.endpoint} was chosen and never answered`);
  return { choice, status };
}

async function receive(
  context: VerbContext,
  client: EtcdClient,
  endpoint: string,
  databaseBytes: number,
  writer: SnapshotWriter,
): ReturnType<typeof receiveSnapshot> {
  const path = stagedPath(writer);
  await checkFreeSpace(path, databaseBytes);
  using early = new EarlyWriteback(path);
  const total = databaseBytes + trailerSize;
  let done = 0;
  const write = (block: Buffer): void | Promise<void> => {
    done += block.length;
    context.onProgress?.({ phase: 'stream', done, total: Math.max(done, total) });
    early.grown(block.length);
    return writer.write(block);
  };
  return await receiveSnapshot(client, { endpoint, write, clock: context.clock, signal: context.signal });
}

function stagedPath({ path }: SnapshotWriter): string {
  if (path === undefined) throw new Error('a snapshot is staged on this machine');
  return path;
}

/** A stream whose hash is right and that is no database was damaged before etcd read it from its own disk. */
async function positionIn(writer: SnapshotWriter, endpoint: string): Promise<SnapshotPosition> {
  const source = openFileSource(stagedPath(writer));
  try {
    return await readPosition(source);
  } catch (cause) {
    if (!isFailure(cause, 'not-a-snapshot')) throw cause;
    throw new Failure('etcd-stream-damaged', cause.why, { endpoint }, { cause });
  } finally {
    source.close();
  }
}

/** Verifies what is stored. A snapshot that fails stays, as evidence of what its member sent. */
async function prove(
  context: VerbContext,
  repository: Repository,
  cluster: string,
  name: string,
): Promise<void> {
  const { evidence } = await verifySnapshot(context, repository, { name, cluster });
  const failed = evidence.checks.filter((each) => each.outcome === 'failed');
  if (failed.length === 0) return;
  const why = failed.map((each) => each.detail).join('; ');
  const differs = failed.every((each) => each.check === 'hashkv');
  throw new Failure(differs ? 'etcd-hash-mismatch' : 'snapshot-damaged', why, { name });
}
