import { z } from 'zod';

/** The checks of a verification, in the order in which they are reported. */
const checkNames = [
  'size',
  'sha256',
  'trailer',
  'tree',
  'records',
  'revisions',
  'hashkv',
  'readback',
] as const;
export type CheckName = (typeof checkNames)[number];

/** One check: what was found, in words. `skipped` says in `detail` why it could not be made. */
export const Check = z.object({
  check: z.enum(checkNames),
  outcome: z.enum(['passed', 'failed', 'skipped']),
  detail: z.string(),
});
export type Check = z.infer<typeof Check>;

/** The figures of `etcdutl snapshot status`, as etcd of each version counts them. */
export const StatusFigures = z.object({
  /** CRC-32C over all bucket names, keys and values. */
  hash: z.int().min(0).max(0xffff_ffff),
  revision: z.int().min(0),
  /** What 3.4 and 3.5 call total keys: key/value pairs of all buckets. */
  pairs: z.int().min(0),
  /** What 3.6 and later call total keys: distinct live user keys. */
  liveKeys: z.int().min(0),
  /** Bytes of the image without its trailer. */
  size: z.int().min(0),
  storageVersion: z.string().nullable(),
});
export type StatusFigures = z.infer<typeof StatusFigures>;

/** What a verification found. `verified` rests on the newest of these. */
export const Evidence = z.object({
  apiVersion: z.literal('holdfast.dev/v1'),
  kind: z.literal('Evidence'),
  snapshot: z.string(),
  /** Of the snapshot's cluster in the repository, and the SHA-256 of the content that was examined: what is signed says of what. */
  cluster: z.uuid().optional(),
  contentSha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  at: z.iso.datetime(),
  holdfast: z.string(),
  durationMs: z.number().min(0),
  /** `passed` only when every check passed, HashKV among them. */
  outcome: z.enum(['passed', 'incomplete', 'failed']),
  /**
   * `streamed`: the checks are of the content as it came from etcd, whose hash the manifest has, and `readback` says that
   * what was made of it is stored. Absent: they are of what is stored.
   */
  source: z.enum(['streamed']).optional(),
  checks: z.array(Check),
  /** Null when the file could not be read to its end. */
  status: StatusFigures.nullable(),
  /** Pages of the file, pages that no tree reaches, and pairs of each bucket. */
  pages: z.object({ total: z.int(), free: z.int() }).nullable(),
  buckets: z.record(z.string(), z.int()).nullable(),
});
export type Evidence = z.infer<typeof Evidence>;
