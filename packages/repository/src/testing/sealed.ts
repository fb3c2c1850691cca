import { createHash } from 'node:crypto';
import { compressSeekable } from '../object/seekable/compress.ts';
import { seal } from '../object/age/seal.ts';
import { streamOf } from '../object/testing/bytes.ts';
import type { PublicKey } from '../object/keys/public-key.ts';
import type { ClusterName } from '../entry.ts';
import type { Repository } from '../repository.ts';
import type { ManifestDraft, ObjectKind, SnapshotWriter } from '../snapshot-writer.ts';
import { manifestOf } from './snapshot.ts';

/** For whom a snapshot is sealed, what lies beside it, and what else its manifest says. */
interface SealedAs {
  /** As the repository's key list says when absent; compressed only where that says nobody. */
  readonly recipients?: readonly [PublicKey, ...PublicKey[]] | undefined;
  /** A tar of companions, sealed for the same. */
  readonly companions?: AsyncIterable<Uint8Array>;
  readonly changes?: Partial<ManifestDraft>;
}

/** Saves `content` compressed and sealed, in the way in which a save does. */
export async function storeSealed(
  repository: Repository,
  cluster: ClusterName,
  name: string,
  content: Uint8Array,
  { recipients = repository.ring.recipients, companions, changes = {} }: SealedAs = {},
): Promise<void> {
  const writer = await repository.stageSnapshot(cluster.id, name, { unique: false });
  try {
    const compressed = compressSeekable(streamOf([content]));
    const objects = [
      recipients === undefined
        ? await put(writer, { role: 'snapshot', encoding: 'zstd' }, 'snapshot.db.zst', compressed)
        : await put(
            writer,
            { role: 'snapshot', encoding: 'zstd+age' },
            'snapshot.db.zst.age',
            seal(compressed, { recipients }),
          ),
    ];
    if (recipients !== undefined && companions !== undefined) {
      const kind = { role: 'companions', encoding: 'age' } as const;
      objects.push(await put(writer, kind, 'companions.tar.age', seal(companions, { recipients })));
    }
    const keys = (recipients ?? []).map(({ text }) => text);
    await writer.commit(manifestOf(name, cluster, content, { objects, recipients: keys, ...changes }));
  } catch (error) {
    await writer.discard();
    throw error;
  }
}

async function put(
  writer: SnapshotWriter,
  kind: ObjectKind,
  path: string,
  bytes: AsyncIterable<Uint8Array>,
): Promise<ManifestDraft['objects'][number]> {
  const hash = createHash('sha256');
  let size = 0;
  const object = await writer.begin(kind);
  for await (const chunk of bytes) {
    hash.update(chunk);
    size += chunk.length;
    await object.write(chunk);
  }
  await object.sync();
  return { ...kind, path, size, sha256: hash.digest('hex') };
}
