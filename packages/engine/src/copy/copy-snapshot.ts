import { createHash } from 'node:crypto';
import { Failure, isFailure } from '@holdfast/base';
import type { SnapshotManifest } from '@holdfast/model';
import { objectFile, type Repository, type SnapshotEntry, type SnapshotWriter } from '@holdfast/repository';
import { seal } from '@holdfast/repository/object';
import type { VerbContext } from '../context.ts';
import { orAborted } from '../or-aborted.ts';
import { readBack } from '../save/read-back.ts';
import { encodedPlain, recipientsOf, storedAs, type StoredAs } from '../save/stored-as.ts';

/** What a copy came to. */
export interface SnapshotCopy {
  /** As it is where it was copied to. */
  readonly snapshot: SnapshotEntry;
  /** `there`: the same content was there under the name already, and nothing was written. */
  readonly outcome: 'copied' | 'there';
  /** Whether the stored bytes were taken over as they are, so that no key was needed. */
  readonly asStored: boolean;
  /** What somebody should know, a sentence each. */
  readonly notes: readonly string[];
}

type Stored = SnapshotManifest['objects'][number];

/**
 * Copies a snapshot into another repository, under its name. Where both store the same way for the same keys, the stored
 * bytes are taken over as they are; else the content is opened, checked and stored as the other repository does. The
 * copy has a manifest, a signature and a place in the chain of its own. Evidence is not copied: what is proven of the
 * source says nothing of the other storage.
 *
 * @throws Failure manifest-untrusted, snapshot-damaged, object-damaged; key-missing, key-not-matching where it has to be
 *   opened; snapshot-name-taken when another snapshot has the name there; cluster-foreign; copy-read-back; what storages
 *   throw. Nothing is left then. The signal's reason when it is aborted.
 */
export async function copySnapshot(
  context: VerbContext,
  from: Repository,
  to: Repository,
  source: SnapshotEntry,
): Promise<SnapshotCopy> {
  const { manifest } = source;
  refuseUnsound(source);
  const as = storedAs(to);
  const asStored = isSame(manifest, as);
  const cluster = await to.addCluster(source.cluster.name, manifest.cluster.kubernetesUid ?? undefined);
  const notes: string[] = [];
  let writer: SnapshotWriter;
  try {
    writer = await to.stageSnapshot(cluster.id, source.name, { unique: false });
  } catch (error) {
    if (!isFailure(error, 'snapshot-name-taken')) throw error;
    const there = await to.snapshot(source.name, cluster.id);
    // What a manifest says is worth as much as who signed it.
    if (!there.trust.trusted || there.manifest.content.sha256 !== manifest.content.sha256) throw error;
    refuseUnsound(there);
    await checkThere(context, to, there);
    return { snapshot: there, outcome: 'there', asStored, notes };
  }
  const transfer = { context, from, to, source, writer };
  try {
    const objects = asStored
      ? await takeOver(transfer)
      : [await storeAnew(transfer, as), ...(await sealAnew(transfer, as, notes))];
    await writer.place();
    await checkStored(transfer, objects);
    context.signal.throwIfAborted();
    const { apiVersion: _, kind: _kind, lineage: _lineage, ...facts } = manifest;
    await writer.commit({
      ...facts,
      name: writer.name,
      cluster: { ...facts.cluster, id: cluster.id, name: cluster.name },
      objects,
      recipients: recipientsOf(as),
      companions: objects.some(({ role }) => role === 'companions') ? facts.companions : null,
      origin: {
        repository: from.record.id,
        cluster: source.cluster.id,
        name: source.name,
        manifestSha256: source.manifestSha256,
      },
    });
  } catch (error) {
    await writer.discard();
    throw error;
  }
  return { snapshot: await to.snapshot(writer.name, cluster.id), outcome: 'copied', asStored, notes };
}

interface Transfer {
  readonly context: VerbContext;
  readonly from: Repository;
  readonly to: Repository;
  readonly source: SnapshotEntry;
  readonly writer: SnapshotWriter;
}

function refuseUnsound({ name, trust, damage, state }: SnapshotEntry): void {
  if (!trust.trusted) throw new Failure('manifest-untrusted', trust.why, { name });
  if (damage !== null) throw new Failure('snapshot-damaged', damage, { name });
  if (state === 'damaged') throw new Failure('snapshot-damaged', 'its verification failed', { name });
}

/** Whether the other repository would store these very bytes. */
function isSame({ objects, recipients }: SnapshotManifest, as: StoredAs): boolean {
  const wanted = recipientsOf(as);
  return objects[0]?.encoding === as.encoding && recipients.toSorted().join() === wanted.toSorted().join();
}

/** The stored bytes of all objects, as they are. */
async function takeOver(transfer: Transfer): Promise<Stored[]> {
  const { from, source } = transfer;
  const objects = [...source.manifest.objects];
  for (const object of objects) {
    const found = await send(transfer, object, from.readObject(source, object));
    if (found.size === object.size && found.sha256 === object.sha256) continue;
    const why = `its stored bytes have the SHA-256 ${found.sha256}, its manifest says ${object.sha256}`;
    throw new Failure('snapshot-damaged', `${object.path}: ${why}`, { name: source.name });
  }
  return objects;
}

/** The content, opened and stored as the other repository does. */
async function storeAnew(transfer: Transfer, as: StoredAs): Promise<Stored> {
  const { from, source } = transfer;
  const hash = createHash('sha256');
  async function* opened(): AsyncGenerator<Uint8Array> {
    for await (const chunk of from.readContent(source)) {
      hash.update(chunk);
      yield chunk;
    }
  }
  const kind = { role: 'snapshot', encoding: as.encoding } as const;
  const stored = await send(transfer, kind, encodedPlain(opened(), as));
  const sha256 = hash.digest('hex');
  if (sha256 === source.manifest.content.sha256) return stored;
  const why = `its content has the SHA-256 ${sha256}, its manifest says ${source.manifest.content.sha256}`;
  throw new Failure('snapshot-damaged', why, { name: source.name });
}

/** The companions, opened and sealed for others; they are left out where nothing is sealed. */
async function sealAnew(transfer: Transfer, as: StoredAs, notes: string[]): Promise<Stored[]> {
  const { from, to, source } = transfer;
  const opened = from.readCompanions(source);
  if (opened === undefined) return [];
  if (as.encoding !== 'zstd+age') {
    notes.push(
      `the companions were not copied: ${to.location} does not seal, and they are never stored open`,
    );
    return [];
  }
  const kind = { role: 'companions', encoding: 'age' } as const;
  return [await send(transfer, kind, seal(opened, { recipients: as.recipients }))];
}

async function send(
  { context, writer }: Transfer,
  { role, encoding }: Pick<Stored, 'role' | 'encoding'>,
  chunks: AsyncIterable<Uint8Array>,
): Promise<Stored> {
  const { signal, onProgress } = context;
  const object = await writer.begin({ role, encoding });
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of chunks) {
    signal.throwIfAborted();
    hash.update(chunk);
    size += chunk.length;
    const writing = object.write(chunk);
    if (writing !== undefined) await orAborted(writing, signal);
    onProgress?.({ phase: 'copy', done: size });
  }
  return { role, path: objectFile({ role, encoding }), encoding, size, sha256: hash.digest('hex') };
}

/** That what is there already is what its manifest says. */
async function checkThere({ signal }: VerbContext, to: Repository, there: SnapshotEntry): Promise<void> {
  for (const object of there.manifest.objects) {
    await readBack(to.readObject(there, object), object, { repository: to.location, signal });
  }
}

async function checkStored({ context, to, writer }: Transfer, objects: readonly Stored[]): Promise<void> {
  const place = { repository: to.location, signal: context.signal };
  for (const object of objects) await readBack(writer.readBack(object), object, place);
}
