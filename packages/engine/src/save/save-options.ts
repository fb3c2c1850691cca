import type { EtcdClient } from '@holdfast/etcd/client';
import type { SnapshotManifest } from '@holdfast/model';
import type { SnapshotEntry } from '@holdfast/repository';
import type { CopyQueue } from '../queue/index.ts';
import type { DestinationResult, SaveDestination } from './destination.ts';

export interface SaveOptions {
  readonly client: EtcdClient;
  /** At least one. */
  readonly destinations: readonly SaveDestination[];
  /** The cluster's name or id in the repositories; by its Kubernetes, or by etcd's cluster id, when absent. */
  readonly cluster?: string;
  /** Refused when it is taken. When absent: `<base>-<member>-<unix time>`, numbered until it is free. */
  readonly name?: string;
  /** `on-demand` when absent. */
  readonly base?: string;
  /** Only this member will do: one of the client's endpoints. */
  readonly endpoint?: string;
  /** Save even where quorum or health is in doubt; the snapshot is then marked degraded. */
  readonly allowDegraded?: boolean;
  /** `manual` when absent. */
  readonly trigger?: SnapshotManifest['trigger'];
  /** The policy that it is saved for; none when absent. */
  readonly policy?: string;
  /** Unless false, the snapshot is proven once it is stored. */
  readonly verify?: boolean;
  /**
   * `full` (when absent): what was stored encoded is read again and its hash compared before it counts. `none`: it is
   * neither read again nor proven.
   */
  readonly readBack?: 'full' | 'none';
  /** The folder that is `/` of the node whose companions are kept with sealed snapshots; none are when absent. */
  readonly companionsRoot?: string;
  /** Told of the name under which it was committed in a repository: what an interruption leaves there. */
  readonly onStored?: (name: string, destination: string) => void;
  /** Where copies wait that could not be made; nothing is tried again when absent. */
  readonly queue?: CopyQueue;
}

export interface SaveReport {
  /** As it is in the first repository that has it now, with its evidence. */
  readonly snapshot: SnapshotEntry;
  /** What became of it in each repository, in the order of the destinations. */
  readonly destinations: readonly DestinationResult[];
  /** What somebody should know and that does not make the save fail, a sentence each. */
  readonly warnings: readonly string[];
  /** Milliseconds in all, and of these until the snapshot was stored wherever it could be. */
  readonly durationMs: number;
  readonly storedMs: number;
}
