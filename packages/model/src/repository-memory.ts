import { z } from 'zod';
import { KeyId } from './trust/index.ts';

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** What a client keeps of a repository outside of it, so that it notices when an older state was put back. */
export const RepositoryMemory = z.object({
  apiVersion: z.literal('holdfast.dev/v1'),
  kind: z.literal('RepositoryMemory'),
  /** The newest key list that was seen, with the SHA-256 of its stored bytes; null: none. */
  keyList: z.object({ sequence: z.int().min(1), sha256: Sha256 }).nullable(),
  /** By the cluster's id: the newest manifest that was seen of each writer. */
  heads: z.record(
    z.uuid(),
    z.array(z.object({ writer: KeyId.nullable(), sequence: z.int().min(1), sha256: Sha256 })),
  ),
});
export type RepositoryMemory = z.infer<typeof RepositoryMemory>;

/** Which repository a client saw at a place: the repository's own record of its id is not signed. */
export const RepositoryPlace = z.object({
  apiVersion: z.literal('holdfast.dev/v1'),
  kind: z.literal('RepositoryPlace'),
  location: z.string(),
  repositoryId: z.uuid(),
});
export type RepositoryPlace = z.infer<typeof RepositoryPlace>;
