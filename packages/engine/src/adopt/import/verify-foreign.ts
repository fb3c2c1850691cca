import type { Check, StatusFigures } from '@holdfast/model';
import type { VerbContext } from '../../context.ts';
import type { ForeignPlace, ForeignSnapshot } from '../foreign.ts';
import { damageIn, openForeignImage } from './foreign-image.ts';

/** What was found of a foreign snapshot that was read in full. */
export interface ForeignVerification {
  readonly snapshot: ForeignSnapshot;
  readonly at: Date;
  readonly durationMs: number;
  /** Of the database, its trailer included; and of the file as it lies there. Hexadecimal. */
  readonly contentSha256: string;
  readonly fileSha256: string;
  readonly checks: readonly Check[];
  /** Null when it could not be read to its end. */
  readonly status: StatusFigures | null;
  readonly notes: readonly string[];
  /** Why it is not to be restored from; null: it is sound as far as that can be known without its member. */
  readonly damage: string | null;
}

/** Reads a foreign snapshot in full and proves it; nothing is written. @throws as `openForeignImage` */
export async function verifyForeign(
  context: VerbContext,
  place: ForeignPlace,
  snapshot: ForeignSnapshot,
): Promise<ForeignVerification> {
  const at = context.clock.now();
  const began = context.clock.monotonic();
  await using image = await openForeignImage(context, place, snapshot);
  return {
    ...{ snapshot, at },
    contentSha256: image.hashes.file,
    fileSha256: image.fileSha256,
    checks: image.verification.checks,
    status: image.verification.status,
    notes: image.notes,
    damage: damageIn(image) ?? null,
    durationMs: context.clock.monotonic() - began,
  };
}
