import { formatDuration } from '@holdfast/base';
import { type Policy, pauseOf, promisedMs } from '@holdfast/model';
import type { PolicyState } from '../state.ts';
import type { Alert } from './alert.ts';
import { alert, type Saying } from './alerts-of.ts';
import { jobAlerts } from './job-alerts.ts';
import { promisedIn } from './promise.ts';

/** Milliseconds that a required copy may be missing before somebody is told: a few tries of the queue. */
const copyMs = 3_600_000;
/** Milliseconds of a pause after which somebody is reminded of it, and before its end they are told of that. */
const longPauseMs = 24 * 3_600_000;
const pauseEndsMs = 3_600_000;

/** The alerts of one policy. */
export function policyAlerts(policy: Policy, known: PolicyState, now: Date): Alert[] {
  return [
    ...promisedIn(policy, known).flatMap((repository) => [
      ...unverified(policy, known, repository, now),
      ...missingCopy(policy, known, repository, now),
    ]),
    ...jobAlerts(policy, known, now),
    ...pauseAlerts(policy, now),
  ];
}

function unverified(policy: Policy, known: PolicyState, repository: string, now: Date): Alert[] {
  const promised = promisedMs(policy, now);
  if (promised === null) return [];
  const { verified = null, knownSince = null } = known.newest[repository] ?? {};
  const since = after(verified ?? knownSince ?? known.knownSince, promised);
  if (since > now) return [];
  const pause = pauseOf(policy, now);
  const paused = pause === null ? '' : `; it is paused: ${pause.reason}`;
  const saying: Saying = {
    severity: 'critical',
    since,
    sentence: `Policy ${policy.name} has no verified snapshot in ${repository} that is younger than ${formatDuration(promised)}.`,
    cause: `${verified === null ? 'none was ever verified there' : `the newest is of ${verified}`}${paused}`,
    remedy: `\`holdfast policy run ${policy.name}\` saves at once, or says what keeps it back.`,
  };
  return [alert({ kind: 'not-verified', policy: policy.name, repository }, saying)];
}

function missingCopy(policy: Policy, known: PolicyState, repository: string, now: Date): Alert[] {
  const { saved = null, stored = null, missingSince = null } = known.newest[repository] ?? {};
  if (saved === null || (stored !== null && Date.parse(stored) >= Date.parse(saved))) return [];
  // Of the first one that is missing: each save would else put the alert off.
  const since = after(missingSince ?? saved, copyMs);
  if (since > now) return [];
  const saying: Saying = {
    severity: 'warning',
    since,
    sentence: `The newest snapshot of policy ${policy.name} is missing in ${repository}.`,
    cause: `the newest of all is of ${saved}, ${stored === null ? 'and there is none there' : `the newest there of ${stored}`}`,
    remedy: 'See why it waits with `holdfast queue list`; `holdfast queue run --wait` tries at once.',
  };
  return [alert({ kind: 'copy-missing', policy: policy.name, repository }, saying)];
}

function pauseAlerts(policy: Policy, now: Date): Alert[] {
  const { name } = policy;
  const pause = pauseOf(policy, now);
  if (pause === null) return [];
  const about = { policy: name, repository: null };
  const cause = `paused since ${pause.since}: ${pause.reason}`;
  const alerts: Alert[] = [];
  const long = after(pause.since, longPauseMs);
  if (long <= now)
    alerts.push(
      alert(
        { kind: 'paused-long', ...about },
        {
          severity: 'warning',
          since: long,
          sentence: `Policy ${name} has been paused for more than a day; nothing is saved for it.`,
          cause,
          remedy: `End it with \`holdfast policy resume ${name}\` as soon as its reason is gone.`,
        },
      ),
    );
  const ending = pause.until === null ? null : after(pause.until, -pauseEndsMs);
  if (ending !== null && ending <= now)
    alerts.push(
      alert(
        { kind: 'pause-ends', ...about },
        {
          severity: 'info',
          since: ending,
          sentence: `The pause of policy ${name} ends at ${pause.until}; then it saves again.`,
          cause,
          remedy: `If it is too early: \`holdfast policy pause ${name}\` with a later --until.`,
        },
      ),
    );
  return alerts;
}

function after(time: string, ms: number): Date {
  return new Date(Date.parse(time) + ms);
}
