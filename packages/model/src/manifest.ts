import { z } from 'zod';
import { isSnapshotName } from './snapshot-name.ts';

/** An unsigned 64-bit id in etcd's own spelling: lower-case hexadecimal, no padding. */
export const Hex64 = z.string().regex(/^[0-9a-f]{1,16}$/);

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const Revision = z.int().min(0);

/**
 * etcd's HashKV of a member: CRC-32C over the records of bucket `key` up to `revision`, as seen when everything up
 * to `compactRevision` (-1: nothing) counts as compacted.
 */
export const HashKv = z.object({
  revision: Revision,
  compactRevision: z.int().min(-1),
  hash: z.int().min(0).max(0xffff_ffff),
});
export type HashKv = z.infer<typeof HashKv>;

/** The manifest of a snapshot: written last, so its presence is what makes a snapshot exist. */
export const SnapshotManifest = z.object({
  apiVersion: z.literal('holdfast.dev/v1'),
  kind: z.literal('Snapshot'),
  name: z.string().refine(isSnapshotName),
  /** `id` and `name` are the repository's; `etcdId` is etcd's cluster id at the time. */
  cluster: z.object({ id: z.uuid(), name: z.string(), etcdId: Hex64 }),
  member: z.object({
    id: Hex64,
    name: z.string(),
    endpoint: z.string(),
    role: z.enum(['leader', 'follower', 'learner']),
    /** Why this member was chosen. */
    why: z.string(),
  }),
  /** `etcd` is the server's version, e.g. 3.5.35; `storage` the data's own (3.6 and later). */
  versions: z.object({ holdfast: z.string(), etcd: z.string(), storage: z.string().nullable() }),
  raft: z.object({ index: z.int().min(0), term: z.int().min(0) }),
  /** The store's current revision in the image. */
  revision: Revision,
  /** The newest revision that is compacted (or scheduled to be), -1 when none was. */
  compactRevision: z.int().min(-1),
  /** The live member's own hash, asked right after the stream; null when it could not be had. */
  hashKv: HashKv.nullable(),
  /** Why `hashKv` is null. */
  hashKvMissing: z.string().optional(),
  /** The snapshot file as etcd's own tool would have written it, with its 32-byte trailer. */
  content: z.object({ size: z.int().min(0), sha256: Sha256, pageSize: z.int().min(512) }),
  /** Everything stored beside this manifest, with paths relative to it. */
  objects: z.array(
    z.object({
      role: z.enum(['snapshot']),
      path: z.string(),
      encoding: z.enum(['plain']),
      size: z.int().min(0),
      sha256: Sha256,
    }),
  ),
  /** `degraded`: stored on request although quorum or health was in doubt. */
  quorum: z.object({ state: z.enum(['healthy', 'degraded']), reasons: z.array(z.string()) }),
  /** `pre-restore`: what a cluster held right before a restore replaced it; never the newest to be trusted. */
  trigger: z.enum(['manual', 'pre-restore']),
  times: z.object({ startedAt: z.iso.datetime(), finishedAt: z.iso.datetime() }),
  /** The snapshot of the same cluster that was the newest when this one was taken. */
  lineage: z.object({ previous: z.string().nullable(), previousManifestSha256: Sha256.nullable() }),
});
export type SnapshotManifest = z.infer<typeof SnapshotManifest>;
