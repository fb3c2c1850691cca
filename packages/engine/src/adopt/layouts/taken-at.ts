import type { ForeignSnapshot } from '../foreign.ts';

/** When a snapshot was taken, as its name says; where it says nothing, when its file was written. */
export function takenAtOf(
  named: Date | undefined,
  written: Date,
): Pick<ForeignSnapshot, 'takenAt' | 'takenAtFrom'> {
  return named === undefined
    ? { takenAt: written, takenAtFrom: 'file' }
    : { takenAt: named, takenAtFrom: 'name' };
}
