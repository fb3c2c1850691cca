import { z } from 'zod';
import { isSnapshotName } from './snapshot-name.ts';

/** A snapshot in one repository: `repository` is its name in the configuration, or what `--repo` was given. */
const StoredIn = z.object({
  repository: z.string(),
  /** The repository's own id: by that name another one may be opened some day. */
  id: z.uuid(),
  cluster: z.uuid(),
  snapshot: z.string().refine(isSnapshotName),
});

/** A copy that is still to be made: it waits on this machine until its repository can be written to. No secrets. */
export const QueuedCopy = z.object({
  apiVersion: z.literal('holdfast.dev/v1'),
  kind: z.literal('QueuedCopy'),
  id: z.uuid(),
  /** The same for all copies of one save. */
  save: z.uuid(),
  /** For people: the cluster's name, and that of the snapshot. */
  cluster: z.string(),
  snapshot: z.string(),
  /** Where the snapshot is, or was about to be when this was written; any of them will do. */
  from: z.array(StoredIn).min(1),
  /** The repository that is to have it, as in `from`. */
  to: z.string(),
  /** Its own id; null when it could not be opened at the time. */
  toId: z.uuid().nullable(),
  /** Where it was at the time: a folder, or the server and the bucket; null when that was not told. */
  toAt: z.string().nullable(),
  /** Whether the save counts as failed without this copy. */
  required: z.boolean(),
  /** Repositories of `from` whose copy goes when no required copy of the save waits any more. */
  drop: z.array(z.string()),
  createdAt: z.iso.datetime(),
  attempts: z.int().min(0),
  /** When it is tried next at the earliest. */
  nextAt: z.iso.datetime(),
  /** Why the last attempt failed; null before the first. */
  failure: z.object({ code: z.string(), why: z.string(), at: z.iso.datetime() }).nullable(),
});
export type QueuedCopy = z.infer<typeof QueuedCopy>;
