import { createHash } from 'node:crypto';
import { isFailure } from '@holdfast/base';
import { readLivePairs, type SnapshotPosition } from '@holdfast/etcd/snapshot';
import { startSnapshotFacts, type SnapshotFacts } from '@holdfast/kube';
import type { ClusterRecord, CompanionsRecord, Evidence, SnapshotManifest } from '@holdfast/model';
import {
  objectFile,
  type ManifestDraft,
  type Repository,
  type SnapshotEntry,
  type SnapshotWriter,
} from '@holdfast/repository';
import { checkCollected, type CollectedNode } from '../../companions/index.ts';
import type { VerbContext } from '../../context.ts';
import { orAborted } from '../../or-aborted.ts';
import { storeCompanions } from '../../save/companions.ts';
import { kubernetesUid } from '../../save/kubernetes-uid.ts';
import { readBack } from '../../save/read-back.ts';
import { encodedPlain, recipientsOf, storedAs, type StoredAs } from '../../save/stored-as.ts';
import { recordEvidence } from '../../verify/record-evidence.ts';
import { outcomeOf } from '../../verify/verify.ts';
import type { ForeignPlace, ForeignSnapshot } from '../foreign.ts';
import { openForeignImage, refuseDamagedImage, type ForeignImage } from './foreign-image.ts';
import { importCluster } from './import-cluster.ts';
import { foreignCompanions } from './import-companions.ts';
import { importManifest } from './import-manifest.ts';
import { importName } from './import-name.ts';

/** What is brought in, and for whom. */
export interface ImportOptions {
  readonly place: ForeignPlace;
  readonly snapshot: ForeignSnapshot;
  /** Name or id of its cluster in the repository, made where there is none; found by the Kubernetes when absent. */
  readonly cluster?: string | undefined;
}

/** What an import came to. */
export interface SnapshotImport {
  /** As it is in the repository. */
  readonly snapshot: SnapshotEntry;
  /** `there`: the cluster had the same content already, and nothing was written. */
  readonly outcome: 'imported' | 'there';
  /** What was guessed, added, or left out, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * Brings a snapshot that another system left into a repository: it is read once, proven as far as that can be done without
 * its member, stored as the repository stores, read back, and committed with what was found as evidence. What lies
 * with it and belongs to a restore is kept where the repository seals. Plain bytes are on no disk unless the repository
 * stores them so; a data directory alone is copied for its etcd, as `openDatadirImage` says.
 *
 * @throws as `openForeignImage`; foreign-damaged when it fails its verification; as `importCluster`; signer-missing,
 *   copy-read-back, what the repository throws. Nothing is left then. The signal's reason.
 */
export async function importSnapshot(
  context: VerbContext,
  repository: Repository,
  { place, snapshot, cluster: asked }: ImportOptions,
): Promise<SnapshotImport> {
  // Asked for first: who cannot sign here shall not be found out at the end.
  const as = storedAs(repository);
  void repository.ring.signing;
  const startedAt = context.clock.now();
  const began = context.clock.monotonic();
  await using image = await openForeignImage(context, place, snapshot);
  const position = refuseDamagedImage(image, place, snapshot);
  const facts = await factsOf(image, context.signal);
  const uid = kubernetesUid(facts.uid);
  const cluster = await importCluster(repository, uid, { asked, snapshot });
  const there = await sameContent(repository, cluster, image);
  if (there !== undefined) return { snapshot: there, outcome: 'there', notes: image.notes };
  const collected = await foreignCompanions(place, snapshot, context.signal);
  const record = collected && checkCollected(collected, facts, startedAt);
  const notes = [...snapshot.notes, ...image.notes, ...notesOf(snapshot, uid, collected, as, repository)];
  const found = { image, position, uid, cluster, collected, record, notes };
  const writer = await repository.stageSnapshot(cluster.id, importName(snapshot), { unique: true });
  let entry: SnapshotEntry;
  try {
    const draft = await store({ context, repository, place, snapshot, as, writer, ...found });
    // Another import of the same may have ended meanwhile.
    const since = await sameContent(repository, cluster, image);
    if (since !== undefined) {
      await writer.discard();
      return { snapshot: since, outcome: 'there', notes: image.notes };
    }
    context.signal.throwIfAborted();
    entry = await writer.commit(draft);
  } catch (error) {
    await writer.discard();
    throw error;
  }
  const evidence = evidenceOf(context, image, entry, {
    at: startedAt.toISOString(),
    durationMs: Math.round(context.clock.monotonic() - began),
  });
  const notRecorded = await recordEvidence(repository, entry, evidence);
  return {
    snapshot: await repository.snapshot(entry.name, cluster.id),
    outcome: 'imported',
    notes: notRecorded === null ? notes : [...notes, `The proof could not be recorded: ${notRecorded.why}.`],
  };
}

/** One import that was found sound, on its way into the repository. */
interface Course {
  readonly context: VerbContext;
  readonly repository: Repository;
  readonly place: ForeignPlace;
  readonly snapshot: ForeignSnapshot;
  readonly as: StoredAs;
  readonly writer: SnapshotWriter;
  readonly image: ForeignImage;
  readonly position: SnapshotPosition;
  readonly uid: string | undefined;
  readonly cluster: ClusterRecord;
  readonly collected: CollectedNode | undefined;
  readonly record: CompanionsRecord | undefined;
  readonly notes: readonly string[];
}

/** Everything but the commit. @returns what is to be committed */
async function store(course: Course): Promise<ManifestDraft> {
  const { context, repository, as, writer, image, collected } = course;
  const { signal, holdfast } = context;
  const objects = [await storeImage(course)];
  const keeps = as.encoding === 'zstd+age' && collected !== undefined;
  if (keeps && collected.files.length > 0)
    objects.push(await storeCompanions(writer, collected, as.recipients));
  await writer.place();
  for (const object of objects)
    await readBack(writer.readBack(object), object, { repository: repository.location, signal });
  return importManifest({
    ...{ holdfast, objects, place: course.place, snapshot: course.snapshot, position: course.position },
    content: { size: image.source.size, sha256: image.hashes.file },
    fileSha256: image.fileSha256,
    kubernetesUid: course.uid,
    name: writer.name,
    cluster: course.cluster,
    recipients: recipientsOf(as),
    companions: keeps ? (course.record ?? null) : null,
    notes: course.notes,
  });
}

async function storeImage({
  context,
  as,
  writer,
  image,
}: Course): Promise<SnapshotManifest['objects'][number]> {
  const { signal, onProgress } = context;
  const kind = { role: 'snapshot', encoding: as.encoding } as const;
  const object = await writer.begin(kind);
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of encodedPlain(image.stream(signal), as)) {
    signal.throwIfAborted();
    hash.update(chunk);
    size += chunk.length;
    const writing = object.write(chunk);
    if (writing !== undefined) await orAborted(writing, signal);
    onProgress?.({ phase: 'store', done: size });
  }
  return { ...kind, path: objectFile(kind), size, sha256: hash.digest('hex') };
}

/** Which Kubernetes it is of, and what its companions are tried with. */
async function factsOf({ source }: ForeignImage, signal: AbortSignal): Promise<SnapshotFacts> {
  const taker = startSnapshotFacts();
  try {
    await readLivePairs(source, (key, value) => taker.take(key, value), { signal });
  } catch (error) {
    // Its verification has passed: what it says is read as far as it goes.
    if (!isFailure(error, 'not-a-snapshot')) throw error;
  }
  return taker.facts();
}

/**
 * One of the cluster's with the same content that nothing speaks against, and that is not about to be removed; or of the same files: a log that is replayed twice
 * gives other bytes.
 */
async function sameContent(
  repository: Repository,
  cluster: ClusterRecord,
  { hashes, fileSha256 }: ForeignImage,
): Promise<SnapshotEntry | undefined> {
  const { snapshots } = await repository.snapshots(cluster.id);
  return snapshots.find(
    ({ trust, damage, unwanted, state, manifest }) =>
      trust.trusted &&
      damage === null &&
      unwanted === null &&
      state !== 'damaged' &&
      (manifest.content.sha256 === hashes.file || manifest.imported?.sha256 === fileSha256),
  );
}

function notesOf(
  { takenAtFrom }: ForeignSnapshot,
  uid: string | undefined,
  collected: CollectedNode | undefined,
  as: StoredAs,
  { location }: Repository,
): string[] {
  return [
    ...(takenAtFrom === 'file' ? ['Nothing but the time of the file tells when it was taken.'] : []),
    ...(uid === undefined ? ['Nothing in it tells which Kubernetes it is of.'] : []),
    ...(collected === undefined || as.encoding === 'zstd+age'
      ? []
      : [`What lies with it was not kept: ${location} does not seal, and companions are never stored open.`]),
    ...(collected?.left ?? []).map(({ path, why }) => `${path} was not kept: ${why}.`),
  ];
}

function evidenceOf(
  { holdfast }: VerbContext,
  { verification, hashes }: ForeignImage,
  { name, manifest }: SnapshotEntry,
  times: Pick<Evidence, 'at' | 'durationMs'>,
): Evidence {
  const stored = manifest.objects.map(({ size }) => size).reduce((sum, size) => sum + size, 0);
  const detail = `the ${stored} bytes that are stored were read again: they are those that were sent`;
  const checks: Evidence['checks'] = [
    ...verification.checks,
    { check: 'readback', outcome: 'passed', detail },
  ];
  const { status, pages, buckets } = verification;
  return {
    ...{ apiVersion: 'holdfast.dev/v1', kind: 'Evidence', snapshot: name, contentSha256: hashes.file },
    ...{ ...times, holdfast, outcome: outcomeOf(checks), source: 'streamed', checks },
    ...{ status, pages, buckets },
  };
}
