import type { AlertRecord } from '../state.ts';

/** The kinds of alerts. docs/guides/agent.md says of each what it means and what to do. */
export const alertKinds = [
  'not-verified',
  'copy-missing',
  'queue-old',
  'save-failed',
  'prune-failed',
  'check-failed',
  'damage-found',
  'check-overdue',
  'drill-failed',
  'drill-overdue',
  'paused-long',
  'pause-ends',
  'configuration-refused',
  'state-unwritable',
  'clock-set-back',
] as const;
export type AlertKind = (typeof alertKinds)[number];

/** What an alert is about. */
export interface AlertSubject {
  readonly kind: AlertKind;
  /** Null: it is about the daemon itself. */
  readonly policy: string | null;
  readonly repository: string | null;
}

/** Something that a person should know of, as long as it is so. */
export interface Alert extends AlertSubject, Pick<AlertRecord, 'severity' | 'sentence' | 'cause' | 'remedy'> {
  readonly key: string;
  /** Since when it is so, as far as that is known. */
  readonly since: Date;
}

/** The alert's name in the state file: `kind`, `kind/policy` or `kind/policy/repository`. */
export function keyOf({ kind, policy, repository }: AlertSubject): string {
  return [kind, policy, repository].filter((each) => each !== null).join('/');
}

/** What keyOf was given. Names of policies have no slash; those of repositories may. */
export function subjectOf(key: string): Omit<AlertSubject, 'kind'> & { readonly kind: string } {
  const [kind = '', policy = null, ...repository] = key.split('/');
  return { kind, policy, repository: repository.length === 0 ? null : repository.join('/') };
}
