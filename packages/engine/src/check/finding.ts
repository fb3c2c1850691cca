/** Something that is wrong in a repository. */
export interface CheckFinding {
  /**
   * `record`: it cannot be read, or is gone. `object`: what is stored is not there or has another size. `rot`: it was read
   * again and is not what was stored. `content`: it cannot be opened. `evidence`: a verification had failed. `trust`: the
   * manifest's signatures do not count. `chain`: manifests are changed, swapped, replayed, reordered, foreign, missing,
   * forked or rolled back. `removal`: the record of a removal does not count.
   */
  readonly kind: 'record' | 'object' | 'rot' | 'content' | 'evidence' | 'trust' | 'chain' | 'removal';
  readonly clusterId: string | null;
  /** The snapshots that it is about. */
  readonly snapshots: readonly string[];
  /** Where it is, for people. */
  readonly path: string | null;
  /** One sentence without a full stop. */
  readonly why: string;
}
