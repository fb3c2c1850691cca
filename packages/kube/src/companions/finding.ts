import type { Distribution } from '../distribution.ts';
import type { Files } from '../pki/certificate-sight.ts';
import type { SnapshotFacts } from './snapshot-facts.ts';

/** The checks of a set of companions, in the order in which they are reported. */
export type CompanionCheck =
  | 'files'
  | 'references'
  | 'join-token'
  | 'bootstrap-data'
  | 'encryption-configuration'
  | 'encryption-key'
  | 'cluster-ca'
  | 'certificate'
  | 'account-keys';

/** `unknown`: it could not be checked, and the sentence says why. */
export type CompanionOutcome = 'ok' | 'warned' | 'failed' | 'unknown';

/** What was found; neither sentence nor evidence holds anything secret. */
export interface CompanionFinding {
  readonly check: CompanionCheck;
  readonly outcome: CompanionOutcome;
  /** One sentence for people. */
  readonly sentence: string;
  /** The same for machines. */
  readonly evidence: Readonly<Record<string, string | number | boolean | readonly string[]>>;
}

/** What is checked: the files of one node (by absolute path), and what the snapshot says. */
export interface CompanionSet {
  readonly distribution: Distribution;
  /** Where K3s or RKE2 keep their files, when it is not the default. */
  readonly dataDir?: string;
  readonly files: Files;
  readonly snapshot: SnapshotFacts;
  /** The moment for which certificates are judged. */
  readonly now: Date;
  /** DNS names and addresses that API servers have to be reached by. */
  readonly names?: readonly string[];
}

/** The sizes of words: `1 value`, `2 values`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
