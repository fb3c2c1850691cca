import { z } from 'zod';
import { isSnapshotName } from '../snapshot-name.ts';
import { KeyId } from './key-id.ts';

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** The record of a manifest that was taken away on purpose. Where it counts, the manifest does not exist any more. */
export const RemovalRecord = z.object({
  apiVersion: z.literal('holdfast.dev/v1'),
  kind: z.literal('Removal'),
  /** The cluster's id: it counts in no other. */
  cluster: z.uuid(),
  name: z.string().refine(isSnapshotName),
  /** As in the lineage of the manifest; so are `sequence` and `previous`. */
  writer: KeyId.nullable(),
  sequence: z.int().min(1),
  /** Of the stored bytes of the manifest. */
  sha256: Sha256,
  previous: z.object({ sha256: Sha256, name: z.string().refine(isSnapshotName) }).nullable(),
  at: z.iso.datetime(),
});
export type RemovalRecord = z.infer<typeof RemovalRecord>;
