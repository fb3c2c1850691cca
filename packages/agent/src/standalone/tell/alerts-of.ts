import type { Policy } from '@holdfast/model';
import type { DaemonState } from '../state.ts';
import { type Alert, type AlertSubject, keyOf } from './alert.ts';
import { policyAlerts } from './policy-alerts.ts';

/** Milliseconds that a copy may wait in the queue before somebody is told. */
const queueMs = 6 * 3_600_000;
/** Milliseconds that a clock may be set back without a word: as far as the schedules wait for it. */
const clockMs = 5 * 60_000;

/** What an alert says beside what it is about. */
export type Saying = Pick<Alert, 'severity' | 'since' | 'sentence' | 'cause' | 'remedy'>;

/** An alert with its key. */
export function alert(subject: AlertSubject, saying: Saying): Alert {
  return { ...subject, key: keyOf(subject), ...saying };
}

/** What a person should know of now: a function of what the daemon remembers, its policies and the time alone. */
export function alertsOf(state: DaemonState, policies: readonly Policy[], now: Date): Alert[] {
  return [
    ...policies.flatMap((policy) => {
      const known = state.policies[policy.name];
      return known === undefined ? [] : policyAlerts(policy, known, now);
    }),
    ...queueAlerts(state, now),
    ...configurationAlerts(state, now),
    ...unwritableAlerts(state, now),
    ...clockAlerts(state, now),
  ];
}

function queueAlerts({ queue }: DaemonState, now: Date): Alert[] {
  if (queue.oldestAt === null) return [];
  const since = new Date(Date.parse(queue.oldestAt) + queueMs);
  if (since > now) return [];
  return [
    alert(
      { kind: 'queue-old', policy: null, repository: null },
      {
        severity: 'warning',
        since,
        sentence: 'A copy has waited in the queue for more than 6 hours.',
        cause: `${queue.length} waiting, the oldest since ${queue.oldestAt}`,
        remedy:
          'See what each waits for with `holdfast queue list`, and mend that; they are tried again by themselves.',
      },
    ),
  ];
}

function configurationAlerts({ configuration }: DaemonState, now: Date): Alert[] {
  if (configuration.refused === null) return [];
  return [
    alert(
      { kind: 'configuration-refused', policy: null, repository: null },
      {
        severity: 'warning',
        since: now,
        sentence:
          'The policy file was changed and is refused; the policies from before are still carried out.',
        cause: configuration.refused,
        remedy: 'Correct the named place, then reload: `systemctl reload holdfast-agent`.',
      },
    ),
  ];
}

function unwritableAlerts({ unwritable }: DaemonState, now: Date): Alert[] {
  if (unwritable === null) return [];
  return [
    alert(
      { kind: 'state-unwritable', policy: null, repository: null },
      {
        severity: 'warning',
        since: now,
        sentence: 'What the daemon remembers cannot be written; it would be lost with its process.',
        cause: unwritable,
        remedy: 'Free some space in its state folder, and check that it may be written to.',
      },
    ),
  ];
}

function clockAlerts(state: DaemonState, now: Date): Alert[] {
  const newest = Object.values(state.policies)
    .flatMap(({ jobs, newest }) => [
      jobs.save.lastBegunAt,
      ...Object.values(newest).flatMap(({ saved, verified }) => [saved, verified]),
    ])
    .filter((time) => time !== null)
    .toSorted()
    .at(-1);
  if (newest === undefined || Date.parse(newest) <= now.getTime() + clockMs) return [];
  return [
    alert(
      { kind: 'clock-set-back', policy: null, repository: null },
      {
        severity: 'warning',
        since: now,
        sentence:
          'The clock of this machine stands before a save that was made: how old snapshots are is not known.',
        cause: `it is ${now.toISOString()} by this clock, and something was saved at ${newest}`,
        remedy:
          'Check the time synchronisation of this machine. Saves go on; this ends when the clock has passed that time.',
      },
    ),
  ];
}
