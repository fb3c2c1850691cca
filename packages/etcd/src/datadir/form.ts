/** What a member's data is written for: 3.5 and later keep the raft term and the voters in the db, 3.4 does not. */
export type EtcdForm = '3.4' | '3.5';

/** How far the revision is moved, and whether what lies before it counts as compacted, so that watchers are told. */
export interface RevisionBump {
  readonly by: number;
  readonly markCompacted: boolean;
}
