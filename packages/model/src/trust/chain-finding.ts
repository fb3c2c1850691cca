import type { Lineage } from './lineage.ts';

/** A manifest as it was found in a cluster's folder. */
export interface FoundManifest {
  /** The name of the snapshot's folder, which anybody who may write can choose. */
  readonly folder: string;
  /** SHA-256 of the bytes that are stored, hexadecimal. */
  readonly sha256: string;
  /**
   * What is signed: the snapshot's name, the cluster's id and the place in the chain. Null when the manifest cannot be
   * read, or when its writer's signature is not there or does not fit.
   */
  readonly says: (Lineage & { readonly name: string; readonly cluster: string }) | null;
}

/**
 * A manifest that was taken away on purpose, as recorded then. A list of these is as good as who vouches for it: where
 * everybody who may remove a manifest may also write this list, it explains everything away.
 */
export interface RemovedManifest {
  readonly writer: string | null;
  readonly sequence: number;
  readonly sha256: string;
  /** Null: it was the first, or all before it are gone as well, so that the records of those may be dropped. */
  readonly previous: Lineage['previous'];
}

/** The newest manifest of a writer that somebody has seen, kept outside of the repository. */
export interface ChainHead {
  readonly writer: string | null;
  readonly sequence: number;
  readonly sha256: string;
}

/** Every fault that a chain can have, in the order in which findings are reported. */
export const chainFaults = [
  /** It is not what was signed, or not what its successor or somebody before has seen. */
  'changed',
  /** It lies in the folder of another name. */
  'swapped',
  /** It is there twice, or two of one writer bear one number. */
  'replayed',
  /** Its number is not the one after that of its predecessor, or its predecessor is of another writer. */
  'reordered',
  /** It belongs to another cluster. */
  'foreign',
  /** One is gone that no removal explains. */
  'missing',
  /** Two follow one: a key used by two writers at once, or by a thief. */
  'forked',
  /** The chain ends before what somebody has seen. */
  'rolled-back',
] as const;

/** What is wrong with a chain. */
export interface ChainFinding {
  readonly fault: (typeof chainFaults)[number];
  /** The folders it is about; for `missing` the names of those that are gone, as far as they are known. Sorted. */
  readonly names: readonly string[];
  /** One sentence without a full stop. */
  readonly why: string;
}
