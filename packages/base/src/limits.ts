const MiB = 1024 * 1024;

/** Every margin and bound of Holdfast in one place, with its unit and its reason. */
export const limits = {
  /** Milliseconds for one small question to etcd. */
  etcdCallMs: 5_000,
  /** Milliseconds in which a server shows whether it speaks TLS. */
  etcdProbeMs: 1_000,
  /** Milliseconds for HashKV, which reads the member's whole key space. */
  etcdHashMs: 120_000,
  /** Milliseconds without one byte from the snapshot stream after which it counts as stalled. */
  streamStallMs: 30_000,
  /** Applied raft entries that a member may be behind the furthest one seen and still be saved from. */
  memberLagEntries: 1_000,
  /** HTTP/2 window for the snapshot stream in bytes: the default of 64 KiB costs a quarter of the speed. */
  streamWindowBytes: 8 * MiB,
  /** Bytes of the snapshot stream that are hashed and written at once: larger ones leave the processor's cache. */
  streamBlockBytes: 256 * 1024,
  /** Bytes received after which their buffers are given back; see youngGarbageCollector. */
  streamGarbageBytes: 8 * MiB,
  /** Bytes written after which a large file is pushed on to its disk; a steady trickle beats rare bursts by a fifth. */
  writebackBytes: 8 * MiB,
  /** Free bytes that must be left beside the expected size before a large file is begun. */
  spareSpaceBytes: 64 * MiB,
  /** Milliseconds after which the newest proven snapshot counts as old. */
  freshSnapshotMs: 24 * 3_600_000,
  /** Characters of a snapshot's name. */
  snapshotNameLength: 200,
  /** Characters of the reason of a pin. */
  pinReasonLength: 1000,
  /** Bytes of a manifest or an evidence record; a larger one is not ours. */
  recordBytes: 4 * MiB,
  /** Milliseconds after which an unplaced object that nobody writes to any more is removed by the next save. */
  stagingAgeMs: 24 * 3_600_000,
  /** Milliseconds after which a claim on a snapshot's name ends by itself, where its process cannot be seen. */
  claimAgeMs: 24 * 3_600_000,
  /** Revisions that a restore skips, so that none is given out twice: more than any cluster makes between snapshots. */
  revisionBump: 1_000_000_000,
} as const;
