import { z } from 'zod';
import { CompanionsRecord } from './companions.ts';
import { isSnapshotName } from './snapshot-name.ts';
import { Lineage } from './trust/lineage.ts';

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

/** How an object is stored, from the inside out: `zstd` is the seekable format, `age` the sealing around it. */
export const Encoding = z.enum(['plain', 'zstd', 'zstd+age', 'age']);
export type Encoding = z.infer<typeof Encoding>;

/** What both versions of the manifest say of a snapshot. */
const fields = {
  kind: z.literal('Snapshot'),
  name: z.string().refine(isSnapshotName),
  /** Of what was imported only the name may be known: the others are null, `unknown` and empty, as the name is at worst. */
  member: z.object({
    id: Hex64.nullable(),
    name: z.string(),
    endpoint: z.string(),
    role: z.enum(['leader', 'follower', 'learner', 'unknown']),
    /** Why this member was chosen. */
    why: z.string(),
  }),
  /**
   * `etcd` is the server's version, e.g. 3.5.35, of what was imported the cluster's without its last figure (3.5), or
   * `unknown`; `storage` the data's own (3.6 and later).
   */
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
  /** `degraded`: stored on request although quorum or health was in doubt. `unknown`: another system saved it. */
  quorum: z.object({ state: z.enum(['healthy', 'degraded', 'unknown']), reasons: z.array(z.string()) }),
  /**
   * Who asked for it. `pre-restore`: what a cluster held right before a restore replaced it; never the newest to be
   * trusted. `import`: another system made it, and its times are those of its content.
   */
  trigger: z.enum(['manual', 'schedule', 'pre-upgrade', 'api', 'pre-restore', 'import']),
  times: z.object({ startedAt: z.iso.datetime(), finishedAt: z.iso.datetime() }),
};

/** `id` and `name` are the repository's; `etcdId` is etcd's cluster id at the time. */
const ClusterOf = z.object({ id: z.uuid(), name: z.string(), etcdId: Hex64 });

/** What is known of a snapshot that another system made. */
const ImportedFrom = z.object({
  /** As the layouts are called: `k3s`, `rke`, `etcd` and so on. */
  system: z.string(),
  /** The folder or bucket, and the file in it. */
  location: z.string(),
  path: z.string(),
  /** SHA-256 of the file as it was found. */
  sha256: Sha256,
  /** What had to be guessed or added, a sentence each. */
  notes: z.array(z.string()),
});

/** The manifest of a snapshot: written last, so its presence is what makes a snapshot exist. */
export const SnapshotManifest = z.object({
  ...fields,
  apiVersion: z.literal('holdfast.dev/v2'),
  /** `kubernetesUid`: of the namespace kube-system; null where there is none, or it cannot be read. */
  cluster: ClusterOf.extend({
    /** Null for what was imported: a snapshot does not hold it. */
    etcdId: Hex64.nullable(),
    kubernetesUid: z.uuid().nullable(),
  }),
  /** Everything stored beside this manifest, with paths relative to it; the snapshot comes first. */
  objects: z.array(
    z.object({
      role: z.enum(['snapshot', 'companions']),
      path: z.string(),
      encoding: Encoding,
      size: z.int().min(0),
      sha256: Sha256,
    }),
  ),
  /** Public keys (age) that each open the sealed objects. */
  recipients: z.array(z.string()),
  /** What else a restore needs, and whether it could be used; null when it was not looked for. */
  companions: CompanionsRecord.nullable(),
  /** The snapshot that this one is a copy of; null for what came from etcd. */
  origin: z
    .object({ repository: z.uuid(), cluster: z.uuid(), name: z.string(), manifestSha256: Sha256 })
    .nullable(),
  /** Name of the policy that it was saved for, and whose retention it is under; null: none's. */
  policy: z.string().nullable().default(null),
  /** Where another system had left it; null for what Holdfast saved. */
  imported: ImportedFrom.nullable().default(null),
  /** Null only for those of holdfast.dev/v1. */
  lineage: Lineage.nullable(),
});
export type SnapshotManifest = z.infer<typeof SnapshotManifest>;

/** Bytes that a snapshot takes where it is stored, its companions with it. */
export function storedBytes({ objects }: Pick<SnapshotManifest, 'objects'>): number {
  return objects.reduce((sum, { size }) => sum + size, 0);
}

/** The manifest as holdfast.dev/v1 had it: stored plain, unsigned, always with the snapshot as it is. */
export const SnapshotManifestV1 = z
  .object({
    ...fields,
    apiVersion: z.literal('holdfast.dev/v1'),
    cluster: ClusterOf,
    objects: z.tuple([
      z.object({
        role: z.literal('snapshot'),
        path: z.string(),
        encoding: z.literal('plain'),
        size: z.int().min(0),
        sha256: Sha256,
      }),
    ]),
  })
  .transform((v1): SnapshotManifest => ({
    ...v1,
    apiVersion: 'holdfast.dev/v2',
    cluster: { ...v1.cluster, kubernetesUid: null },
    recipients: [],
    companions: null,
    origin: null,
    policy: null,
    imported: null,
    lineage: null,
  }));
