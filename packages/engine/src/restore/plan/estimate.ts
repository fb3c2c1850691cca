import type { StepKind } from '@holdfast/model';

/** What a step costs: milliseconds for itself, and how often the bytes of the database pass by the disk. */
interface Cost {
  readonly ms: number;
  readonly passes?: number;
}

/** Bytes a second that an ordinary disk of a server reads or writes, with SHA-256 on the way. */
const bytesPerSecond = 150_000_000;

/** Taken from restores of small clusters on small machines; the passes from what each step reads and writes. */
const costs: Record<StepKind, Cost> = {
  lock: { ms: 50 },
  check: { ms: 2_000, passes: 1 },
  guard: { ms: 1_000, passes: 2 },
  fetch: { ms: 100, passes: 2 },
  halt: { ms: 5_000 },
  stop: { ms: 2_000 },
  keep: { ms: 100 },
  salvage: { ms: 5_000, passes: 4 },
  share: { ms: 100, passes: 2 },
  stage: { ms: 500, passes: 3 },
  configure: { ms: 500 },
  place: { ms: 100 },
  remove: { ms: 500 },
  join: { ms: 1_000 },
  start: { ms: 3_000 },
  promote: { ms: 3_000, passes: 3 },
  agree: { ms: 3_000, passes: 1 },
  probe: { ms: 6_000 },
  serve: { ms: 15_000 },
  unlock: { ms: 50 },
  save: { ms: 1_000, passes: 3 },
};

/** Milliseconds that a step should take for a database of so many bytes. */
export function estimateMs(kind: StepKind, bytes: number): number {
  const { ms, passes = 0 } = costs[kind];
  return Math.ceil(ms + (1000 * passes * bytes) / bytesPerSecond);
}
