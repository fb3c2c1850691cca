/** The phases of a restore, by the names that Rancher's users know (rancher/rancher, ETCDSnapshotPhase). */
export const phases = ['Started', 'Shutdown', 'Restore', 'RestartCluster', 'Finished', 'Failed'] as const;
export type Phase = (typeof phases)[number];

/** What can happen to a restore as a whole. */
export type PhaseEvent = 'advance' | 'fail' | 'rollBack';

/**
 * Which phase follows which. `fail`: a step failed, or somebody gave up; what was done is undone. `rollBack`: a person
 * wants the old data back although the restore had finished.
 */
export const transitions = {
  Started: { advance: 'Shutdown', fail: 'Failed' },
  Shutdown: { advance: 'Restore', fail: 'Failed' },
  Restore: { advance: 'RestartCluster', fail: 'Failed' },
  RestartCluster: { advance: 'Finished', fail: 'Failed' },
  Finished: { rollBack: 'Failed' },
  Failed: {},
} as const satisfies Record<Phase, Partial<Record<PhaseEvent, Phase>>>;

/** One row of the step table. */
export interface StepEntry {
  readonly phase: Phase;
  /**
   * `node`: carried out where the member lives. `component`: where the part of the control plane lives. `cluster`: carried
   * out by whoever leads the restore. `machine`: where a member or a part of the control plane lives, as the plan says.
   */
  readonly scope: 'node' | 'component' | 'machine' | 'cluster';
  /** One sentence without a full stop: what it changes. */
  readonly does: string;
  /** The same of its undo; null when it changed nothing that could be undone. */
  readonly undone: string | null;
  /** Whether what it does cannot be undone: from here on there is only forward. */
  readonly final?: true;
  /** Milliseconds after which it counts as failed, for a database of no size; see `limitPerByteMs`. */
  readonly limitMs: number;
  /** Milliseconds more for each byte of the database: 20 MB/s is the slowest disk that is waited for. */
  readonly limitPerByteMs?: number;
}

const slowestDisk = 1000 / 20_000_000;

/**
 * Every step there is, in the order in which a plan has them. Each is idempotent: done again after a crash at any moment
 * of it, it ends in the same state.
 */
export const stepTable = {
  lock: {
    phase: 'Started',
    scope: 'node',
    does: 'claims the data directory for this restore and notes what runs there',
    undone: 'gives the claim back',
    limitMs: 30_000,
  },
  check: {
    phase: 'Started',
    scope: 'cluster',
    does: 'makes the pre-flight checks again and refuses to go on where one fails',
    undone: null,
    limitMs: 300_000,
    limitPerByteMs: slowestDisk,
  },
  guard: {
    phase: 'Started',
    scope: 'cluster',
    does: 'saves a safety snapshot from a member that still answers',
    undone: null,
    limitMs: 300_000,
    limitPerByteMs: slowestDisk,
  },
  fetch: {
    phase: 'Started',
    scope: 'node',
    does: 'puts the snapshot beside the data directory and compares its SHA-256',
    undone: 'removes it',
    limitMs: 60_000,
    limitPerByteMs: slowestDisk,
  },
  halt: {
    phase: 'Shutdown',
    scope: 'component',
    does: 'stops the part of the control plane and proves that it is stopped, so that no API server sees the data change',
    undone: 'starts it again where it ran before',
    limitMs: 180_000,
  },
  stop: {
    phase: 'Shutdown',
    scope: 'node',
    does: 'stops etcd and proves that it is stopped',
    undone: 'starts etcd again where it ran before',
    limitMs: 120_000,
  },
  keep: {
    phase: 'Shutdown',
    scope: 'node',
    does: 'renames `member` to `member.pre-<id>` and bars the name, so that no old etcd can start from it',
    undone: 'renames it back',
    limitMs: 60_000,
  },
  salvage: {
    phase: 'Restore',
    scope: 'node',
    does: 'makes a snapshot of the kept data and its log, on a copy',
    undone: 'removes it',
    limitMs: 300_000,
    limitPerByteMs: 4 * slowestDisk,
  },
  share: {
    phase: 'Restore',
    scope: 'node',
    does: 'puts the salvaged snapshot beside the data directory and compares its SHA-256',
    undone: 'removes it',
    limitMs: 60_000,
    limitPerByteMs: slowestDisk,
  },
  stage: {
    phase: 'Restore',
    scope: 'node',
    does: 'builds the new data directory beside the old one and verifies it',
    undone: 'removes it',
    limitMs: 120_000,
    limitPerByteMs: 3 * slowestDisk,
  },
  configure: {
    phase: 'Restore',
    scope: 'machine',
    does: 'puts the planned versions and files in place, each by one rename, and keeps the old as `<file>.pre-<id>`',
    undone: 'puts the kept ones back',
    limitMs: 120_000,
  },
  place: {
    phase: 'Restore',
    scope: 'node',
    does: 'renames the new data to `member`, with the owner, modes and labels of the old',
    undone: 'takes the new data away and bars the name again',
    limitMs: 60_000,
  },
  remove: {
    phase: 'RestartCluster',
    scope: 'cluster',
    does: 'removes the lost member from the cluster that runs',
    undone: null,
    final: true,
    limitMs: 60_000,
  },
  join: {
    phase: 'RestartCluster',
    scope: 'cluster',
    does: 'adds the member to the cluster that runs, as a learner',
    undone: null,
    limitMs: 120_000,
  },
  start: {
    phase: 'RestartCluster',
    scope: 'node',
    does: 'starts etcd and proves that it runs from the new data',
    undone: 'stops it',
    limitMs: 120_000,
  },
  promote: {
    phase: 'RestartCluster',
    scope: 'cluster',
    does: 'waits until the learner has all data, and makes it a voting member',
    undone: null,
    limitMs: 300_000,
    limitPerByteMs: 4 * slowestDisk,
  },
  agree: {
    phase: 'RestartCluster',
    scope: 'cluster',
    does: 'waits for a leader, then compares members, cluster id, alarms and HashKV with the plan',
    undone: null,
    limitMs: 300_000,
    limitPerByteMs: slowestDisk,
  },
  probe: {
    phase: 'RestartCluster',
    scope: 'cluster',
    does: 'reads and writes through every member, and asks as a watcher of before the restore would',
    undone: null,
    limitMs: 120_000,
  },
  serve: {
    phase: 'RestartCluster',
    scope: 'component',
    does: 'starts the part of the control plane and waits until it is ready; whatever fails from here on waits for a person',
    undone: 'stops it',
    limitMs: 300_000,
  },
  unlock: {
    phase: 'Finished',
    scope: 'node',
    does: 'gives the claim back; the old data stays until it is released',
    undone: 'claims the data directory again',
    limitMs: 30_000,
  },
  save: {
    phase: 'Finished',
    scope: 'cluster',
    does: 'saves a first snapshot of the restored cluster',
    undone: null,
    limitMs: 600_000,
    limitPerByteMs: 2 * slowestDisk,
  },
} as const satisfies Record<string, StepEntry>;

export type StepKind = keyof typeof stepTable;
export const stepKinds = Object.keys(stepTable) as readonly StepKind[];

/** The row of a kind, with its optional columns. */
export function stepEntry(kind: StepKind): StepEntry {
  return stepTable[kind];
}
