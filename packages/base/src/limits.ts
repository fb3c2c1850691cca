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
  /** Plain bytes of a sealed snapshot that are held in memory while it is read; the rest goes to an encrypted file. */
  scratchMemoryBytes: 32 * MiB,
  /** Milliseconds after which the newest proven snapshot counts as old. */
  freshSnapshotMs: 24 * 3_600_000,
  /** Characters of a snapshot's name. */
  snapshotNameLength: 200,
  /** Characters of the reason of a pin. */
  pinReasonLength: 1000,
  /** Characters that the mark of an unwanted snapshot has for why. */
  unwantedWhyLength: 1000,
  /** Bytes of a manifest or an evidence record; a larger one is not ours. */
  recordBytes: 4 * MiB,
  /** Bytes of one companion: configurations and keys are small, and all of them are held in memory. */
  companionBytes: 4 * MiB,
  /** Companions of one snapshot, and their bytes together. */
  companionFiles: 2_000,
  companionsBytes: 32 * MiB,
  /** Findings about companions that a manifest takes, the worst first; and of each text and list of one. */
  companionFindings: 200,
  companionTextLength: 1000,
  companionListLength: 50,
  /** Signatures of one manifest: the writer's, and others' while keys are exchanged. */
  manifestSignatures: 16,
  /** Milliseconds after which an unplaced object that nobody writes to any more is removed by the next save. */
  stagingAgeMs: 24 * 3_600_000,
  /** Milliseconds after which a claim on a snapshot's name ends by itself, where its process cannot be seen. */
  claimAgeMs: 24 * 3_600_000,
  /** Runs of a check, one a day, in which it has read every stored snapshot again. */
  checkParts: 7,
  /** Milliseconds in which a file system of another machine answers, or counts as gone. */
  mountAnswerMs: 5_000,
  /** Milliseconds in which a bucket is opened where others wait for it: a copy of a save is made later then. */
  repositoryOpenMs: 20_000,
  /** Milliseconds for a connection to an S3 server, its proxy and TLS included. */
  s3ConnectMs: 10_000,
  /** Milliseconds without one byte from or to an S3 server after which a request is given up. */
  s3IdleMs: 60_000,
  /** Bytes of a part of an upload: the smallest that S3 takes, since each part in flight is held in memory two or three times. */
  s3PartBytes: 5 * MiB,
  /** Parts of one upload that are on their way at once. */
  s3Parts: 4,
  /** Milliseconds after which a writer's marker counts as left behind, where the server knows no conditional writes. */
  s3MarkerAgeMs: 10 * 60_000,
  /** Milliseconds without a sign from the holder of a lease after which others may take over. */
  leaseTtlMs: 60_000,
  /** Milliseconds that they wait beyond: clocks of unequal speed, and requests on their way. */
  leaseMarginMs: 15_000,
  /** Milliseconds without a sign after which others take over at most, whatever a holder has asked for. */
  leaseTtlMostMs: 600_000,
  /** Milliseconds between the mark of what retention does not keep and its deletion: a day to see it and to object. */
  unwantedGraceMs: 24 * 3_600_000,
  /** Snapshots of one cluster in one repository: what is committed has to fit in one record. */
  clusterSnapshots: 8_000,
  /** Small objects that are read at once while a repository is listed. */
  readsAtOnce: 16,
  /** Milliseconds that a writer waits for the lease: a holder that died far away is known for it by then. */
  leaseWaitMs: 90_000,
  /** Entries of a lease that are never removed, the newest ones: so many may come while somebody reads one. */
  leaseEntriesKept: 16,
  /** Milliseconds in which an entry of a lease is not removed: a request or a listing may be so late, and is seen through. */
  leaseEntryAgeMs: 3_600_000,
  /** Changes that one entry of a lease carries at most before it is written as a whole list again. */
  leaseChanges: 64,
  /** How often a step of a storage is tried at most. */
  storageAttempts: 6,
  /** Milliseconds before the second attempt; the time doubles up to the longest, and a random part of it is taken. */
  storageRetryFirstMs: 250,
  storageRetryLongestMs: 15_000,
  /** Milliseconds until a copy that failed is tried again; the time doubles up to the longest, and a random part of it is taken. */
  queueRetryFirstMs: 30_000,
  queueRetryLongestMs: 3_600_000,
  /** Copies that wait from earlier saves and that a save makes at its end: more would keep its caller too long. */
  queueCopiesAfterSave: 3,
  /** Milliseconds in which it makes them, after its answer: who waits for the process is not kept by a server that hangs. */
  queueAfterSaveMs: 30_000,
  /** Revisions that a restore skips, so that none is given out twice: more than any cluster makes between snapshots. */
  revisionBump: 1_000_000_000,
  /** Bytes of the header of a sealed object; 256 recipients take 25 KiB. */
  sealedHeaderBytes: 256 * 1024,
  /** Base-2 logarithm of scrypt's rounds where a passphrase seals: 2^17 take 128 MiB and under half a second. */
  passphraseWork: 17,
  /** The same at most where a passphrase opens what others have sealed: 2^20 take 1 GiB; age's own choice is 2^18. */
  passphraseWorkMost: 20,
  /** Memory that one zstd frame may ask for, in bytes: what `zstd -d` gives to one without being told. */
  zstdWindowBytes: 128 * MiB,
  /** Frames of a seek table: in frames of 1 MiB more than any etcd could hold. */
  seekTableFrames: 1_000_000,
  /** Bytes, stored or plain, of a frame that is read at once by position. */
  seekFrameBytes: 64 * MiB,
  /** Bytes that a zstd frame holds at most to be decompressed in one go, beside others. */
  expandWholeBytes: 4 * MiB,
  /** Entries of an archive that another system left: theirs have one to three. */
  archiveEntries: 1_000,
  /** Plain bytes of one entry of such an archive, and of all of them: eight times what etcd itself is advised to hold. */
  archiveEntryBytes: 64 * 1024 * MiB,
  archiveBytes: 128 * 1024 * MiB,
  /** Plain bytes for each compressed one; counted from so many plain bytes on. Deflate can reach 1032, databases stay below 100. */
  archiveRatio: 300,
  archiveRatioFromBytes: 16 * MiB,
  /** Compressed bytes of a tar.gz that are read to see what is in it: its database is among the first entries. */
  archivePeekBytes: MiB,
  /** Bytes of a small file beside a foreign snapshot: a cluster's specification or its state with all certificates. */
  sidecarBytes: 8 * MiB,
  /** Milliseconds that a foreign snapshot may be ahead of this machine's clock without a word. */
  foreignClockMs: 5 * 60_000,
  /** Files of a place that are looked through for foreign snapshots. */
  foreignFiles: 1_000_000,
  /** Bytes that a larger frame gives at a time. */
  expandBlockBytes: MiB,
} as const;
