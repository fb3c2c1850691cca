import { spanMs, type Retention } from '../policy/index.ts';
import type { RetainedSnapshot, RetentionQuestion } from './facts.ts';

/**
 * What a snapshot is to a policy. `other`: not its own, and never touched. `kept`: its own, kept by what it is, and
 * counted by no rule. `doubtful`: damaged or degraded; counted by no rule, and gone once a newer one is verified. `extra`:
 * saved before an upgrade, which has a time of its own. `sound`: what the rules are about.
 */
export interface Standing {
  readonly kind: 'other' | 'kept' | 'doubtful' | 'extra' | 'sound';
  /** Why, for all but `sound`; of `extra`: why it is still kept, if it is. */
  readonly why?: string;
}

/** Says what a snapshot is to a policy, whichever cluster's it is. */
export function standingOf(
  snapshot: RetainedSnapshot,
  retention: Retention,
  { policy, imported, now }: Omit<RetentionQuestion, 'clusterId'>,
): Standing {
  const { trigger } = snapshot;
  if (snapshot.imported && !imported) return { kind: 'other', why: 'another system made it: never unasked' };
  const stranger = strangerTo(policy, snapshot);
  if (stranger !== undefined) return { kind: 'other', why: stranger };
  if (!snapshot.trusted)
    return { kind: 'kept', why: 'its manifest is not trusted: only a person deletes it' };
  if (Date.parse(snapshot.finishedAt) > now.getTime())
    return { kind: 'kept', why: `from the future (${snapshot.finishedAt}): it counts from then on` };
  if (trigger === 'pre-restore')
    return { kind: 'kept', why: 'saved before a restore: until somebody deletes it' };
  if (trigger === 'pre-upgrade') return beforeUpgrade(snapshot, retention, now);
  if (snapshot.state === 'damaged') return { kind: 'doubtful', why: 'damaged' };
  if (snapshot.degraded) return { kind: 'doubtful', why: 'degraded' };
  return { kind: 'sound' };
}

/** Why a policy has nothing to do with a snapshot; undefined when it has. */
function strangerTo(
  policy: string | null,
  { policy: own, trigger, imported }: RetainedSnapshot,
): string | undefined {
  if (own !== null) return own === policy ? undefined : `it is policy ${own}'s`;
  if (policy !== null)
    return trigger === 'manual' ? "saved by hand: no policy's" : `no policy's (${trigger})`;
  if (trigger === 'manual' || trigger === 'api' || imported) return undefined;
  return `not saved by hand (${trigger}): only a person deletes it`;
}

function beforeUpgrade({ finishedAt }: RetainedSnapshot, { preUpgrade }: Retention, now: Date): Standing {
  if (preUpgrade === undefined)
    return { kind: 'kept', why: 'saved before an upgrade: until somebody deletes it' };
  if (!isYounger(finishedAt, preUpgrade, now)) return { kind: 'extra' };
  return { kind: 'extra', why: `saved before an upgrade, and younger than ${preUpgrade}` };
}

/** Whether a snapshot is younger than a span. */
export function isYounger(finishedAt: string, span: string, now: Date): boolean {
  return now.getTime() - Date.parse(finishedAt) < spanMs(span);
}
