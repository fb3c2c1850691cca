import { isFailure, type Clock, type Failure } from '@holdfast/base';

/** Milliseconds between two looks at a cluster that is not ready yet: a tenth of an election. */
const lookAgainMs = 100;

/** What no waiting mends. */
const final = ['etcd-auth', 'etcd-tls', 'usage', 'node-failed', 'restore-refused'] as const;

/** What etcd refuses until a person has acted: writing under an alarm (rpctypes.ErrNoSpace, ErrCorrupt). */
const alarms = ['database space exceeded', 'corrupt cluster'];

/** Whether waiting cannot mend it. */
function isFinal(error: unknown): boolean {
  return !isFailure(error) || final.some((code) => error.code === code) || isAlarmed(error);
}

/** Whether etcd refused to write because of an alarm. */
export function isAlarmed(error: unknown): error is Failure {
  return isFailure(error, 'etcd-refused') && alarms.some((words) => error.why.includes(words));
}

/**
 * Tries until it works: a cluster that was just started, or from which a member was just taken, refuses for a while.
 *
 * @throws a Failure that waiting does not mend; at the end of the step the newest Failure, which tells more than that the
 * time is over, or the signal's reason where there is none
 */
export async function untilDone<T>(
  clock: Clock,
  endOfStep: AbortSignal,
  attempt: () => Promise<T>,
): Promise<T> {
  for (;;) {
    endOfStep.throwIfAborted();
    try {
      return await attempt();
    } catch (failure) {
      if (isFinal(failure)) throw failure;
      await clock.sleep(lookAgainMs, endOfStep).catch(() => {
        throw failure;
      });
    }
  }
}
