import { Argument } from 'commander';

/** The argument that picks one snapshot to read. */
export function snapshotArgument(): Argument {
  return new Argument(
    '<snapshot>',
    'its exact name, latest for the newest, or latest~N for the N-th before it',
  );
}

/** The argument of what changes or destroys: only an exact name will do. */
export function exactSnapshotArgument(): Argument {
  return new Argument('<snapshot>', 'its exact name');
}
