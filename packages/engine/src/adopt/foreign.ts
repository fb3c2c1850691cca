/** The systems whose snapshots are known. `etcd`: what etcd's own tools wrote, or a member's files. */
export type ForeignSystem = 'k3s' | 'rke2' | 'rke' | 'rancher-1.6' | 'alauda' | 'etcd' | 'gardener';

/** A file in a place where others keep snapshots. */
export interface ForeignFile {
  /** Relative to the place, with `/` between its parts. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly modifiedAt: Date;
}

/** Why something in a place was passed over: a link, a device, a name that leads outside, what may not be read. */
export interface PassedOver {
  readonly path: string;
  readonly why: string;
}

/** A folder or the folder of a bucket that others write to. It is never written to. */
export interface ForeignPlace {
  /** As its user would write it. */
  readonly location: string;
  /** Every file below it. */
  list(passOver: (what: PassedOver) => void): AsyncIterable<ForeignFile>;
  /** The bytes of a file, or from `start` up to and without `end`. @throws file-unreadable, the `s3-` failures */
  read(path: string, range?: { readonly start: number; readonly end: number }): AsyncIterable<Uint8Array>;
  /** What the writer had its server keep beside a file, names in lower case; only a bucket has such. @throws the `s3-` failures */
  metadata?(path: string): Promise<Readonly<Record<string, string>>>;
}

/**
 * How the etcd image lies in the file: as it is (`db`, with or without etcd's trailer), as the only database of an archive,
 * as the folders of a member (`datadir`), of etcd's version 2 (`v2-backup`), or compressed.
 */
export type ForeignForm = 'db' | 'gzip' | 'zip' | 'tar' | 'tar.gz' | 'datadir' | 'v2-backup';

/** What lies beside an image and belongs to a restore: in the same archive (`within`), or in a file of its own. */
export interface ForeignCompanion {
  readonly what: 'cluster-state' | 'cluster-spec' | 'pki' | 'token-hash';
  readonly path: string;
  readonly within: boolean;
}

/** One snapshot that another system left. */
export interface ForeignSnapshot {
  readonly system: ForeignSystem;
  /** As that system calls it. */
  readonly name: string;
  /** The file, or the folder, in its place. */
  readonly path: string;
  readonly form: ForeignForm;
  /** The database in the archive. */
  readonly entry?: string;
  /** Bytes as stored. */
  readonly size: number;
  /** When it was taken, and who says so. */
  readonly takenAt: Date;
  readonly takenAtFrom: 'sidecar' | 'name' | 'file';
  readonly node: string | null;
  readonly cluster: string | null;
  readonly trigger: 'recurring' | 'one-time' | null;
  readonly companions: readonly ForeignCompanion[];
  /** Whether an etcd of today can be started from it. */
  readonly restorable: boolean;
  /** What its user should know, a sentence each: what is missing, damaged, contradictory. */
  readonly notes: readonly string[];
}

/** What is found of a place: what was recognised, and what was not. */
export interface ForeignScan {
  readonly snapshots: readonly ForeignSnapshot[];
  /** Files that are no snapshot of a known kind and belong to none. */
  readonly unknown: readonly ForeignFile[];
  /** Folders of Holdfast's own repositories, which are not looked into; `''` is the place itself. */
  readonly repositories: readonly string[];
  readonly passedOver: readonly PassedOver[];
}

/** Recognises what one system leaves, by content rather than by name. Takes from the files those that it knows. */
export interface ForeignLayout {
  readonly system: ForeignSystem;
  /**
   * @param files not taken by a layout before
   * @returns its snapshots, and the paths of all files that belong to them
   */
  recognise(
    place: ForeignPlace,
    files: readonly ForeignFile[],
  ): Promise<{ readonly snapshots: readonly ForeignSnapshot[]; readonly taken: ReadonlySet<string> }>;
}
