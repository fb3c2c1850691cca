import { z } from 'zod';
import { isSnapshotName } from '../snapshot-name.ts';
import { KeyId } from './key-id.ts';

/** The manifest that another one follows: SHA-256 of the bytes it is stored in, and its snapshot's name for people. */
const Predecessor = z.object({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  name: z.string().refine(isSnapshotName),
});

/**
 * A manifest's place in the chain of its writer, within one cluster. Each key has a chain of its own, so that writers who
 * do not see each other's snapshots in time make no fork. It is a part of what is signed.
 */
export const Lineage = z
  .object({
    /** The key whose chain it is, and whose signature it bears; null for writers without a key. */
    writer: KeyId.nullable(),
    /** From 1, without holes. */
    sequence: z.int().min(1),
    /** Null for the first one. */
    previous: Predecessor.nullable(),
  })
  .refine(({ sequence, previous }) => (sequence === 1) === (previous === null), {
    error: 'the first of a chain, and only that, follows none',
    path: ['previous'],
  });
export type Lineage = z.infer<typeof Lineage>;

/** The fields of a manifest that tell where it belongs. A chain is checked with these alone. */
export const ManifestPlace = z.object({
  name: z.string().refine(isSnapshotName),
  cluster: z.object({ id: z.uuid() }),
  lineage: Lineage,
});
export type ManifestPlace = z.infer<typeof ManifestPlace>;
