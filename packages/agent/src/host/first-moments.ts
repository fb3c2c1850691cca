import type { Clock } from '@holdfast/base';
import { lastWords } from '@holdfast/etcd/server-log';
import { notStarted, type Hosted } from './hosted.ts';
import { firstMomentsMs, lookAgainMs } from './patience.ts';

/** Where the end of a log is read, and how a person reads it. */
export interface Said {
  readonly tail: () => Promise<string>;
  readonly log: string;
}

/**
 * Waits until somebody else has started what was asked for, and one process of it has survived its first moments.
 *
 * @param before the log as it was: what is new in it was said by one that ran too shortly to be seen
 * @param waitsFor who is to start it, as `the kubelet`
 * @throws Failure `etcd-not-started` or `component-not-started` with the end of its log
 */
export async function surviveFirstMoments(
  hosted: Hosted,
  clock: Clock,
  signal: AbortSignal,
  { tail, log }: Said,
  before: string,
  waitsFor: string,
): Promise<void> {
  let since: { pid: number; at: number } | undefined;
  let gone: number | undefined;
  for (;;) {
    const [found] = await hosted.processes();
    const now = clock.monotonic();
    const said = await tail();
    const died = since !== undefined && found?.pid !== since.pid;
    if (found !== undefined && since === undefined) since = { pid: found.pid, at: now };
    if (found !== undefined && !died && now - since!.at >= firstMomentsMs) return;
    gone = found === undefined && said !== before ? (gone ?? now) : undefined;
    if (died || (gone !== undefined && now - gone >= firstMomentsMs))
      throw notStarted(hosted, `it ended at once: ${lastWords(said)}`, { log });
    if (signal.aborted) {
      const why = found === undefined ? `${waitsFor} has not started it` : `process ${found.pid} is young`;
      throw notStarted(hosted, why, { log }, { cause: signal.reason });
    }
    await clock.sleep(lookAgainMs, signal).catch(() => undefined);
  }
}
