import type { Clock } from '@holdfast/base';
import { Policy } from '@holdfast/model';
import { newPolicyState, newState } from '../memory.ts';
import type { DaemonState, PolicyState } from '../state.ts';

/** What the tests of this folder begin with. */
export const began = new Date('2026-03-01T00:00:00.000Z');

/** So many hours after it began. */
export function hour(hours: number): Date {
  return new Date(began.getTime() + hours * 3_600_000);
}

export function testPolicy(changes: Readonly<Record<string, unknown>> = {}): Policy {
  return Policy.parse({
    name: 'prod',
    schedule: { cron: '0 */5 * * *' },
    targets: [{ repository: 'nas' }, { repository: 's3://bucket/etcd', required: false }],
    retention: { last: 5 },
    ...changes,
  });
}

export function testState(
  known: Partial<PolicyState> = {},
  changes: Partial<DaemonState> = {},
  name = 'prod',
): DaemonState {
  const state = newState(began);
  return { ...state, policies: { [name]: { ...newPolicyState(began), ...known } }, ...changes };
}

/** A run that ended at that hour. */
export function ranAt(
  hours: number,
  failure: { code: string; why: string } | null = null,
): PolicyState['jobs']['save'] {
  const endedAt = hour(hours).toISOString();
  return {
    lastScheduled: endedAt,
    lastBegunAt: endedAt,
    unfinished: false,
    last: {
      startedAt: endedAt,
      endedAt,
      outcome: failure === null ? 'ok' : 'failed',
      failure,
      durationMs: 1500,
    },
    lastOkAt: failure === null ? endedAt : null,
    failures: failure === null ? {} : { [failure.code]: 1 },
    runs: 1,
  };
}

/** The newest snapshot of a repository is of that hour. */
export function newestAt(
  hours: number,
  changes: Partial<PolicyState['newest'][string]> = {},
): PolicyState['newest'][string] {
  const time = hour(hours).toISOString();
  return {
    saved: time,
    stored: time,
    verified: time,
    drilled: null,
    bytes: 4096,
    missingSince: null,
    clusterId: null,
    knownSince: null,
    ...changes,
  };
}

/** A clock that goes only when it is told to. */
export class TestClock implements Clock {
  ms = began.getTime();
  now(): Date {
    return new Date(this.ms);
  }
  monotonic(): number {
    return this.ms;
  }
  async sleep(ms: number): Promise<void> {
    this.ms += ms;
  }
}
