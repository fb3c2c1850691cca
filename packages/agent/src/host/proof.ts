import type { Clock } from '@holdfast/base';
import { lastWords } from '@holdfast/etcd/server-log';
import type { StepEvidence } from '@holdfast/engine';
import type { HostDriver } from './driver.ts';
import { notStarted, notStopped, type Hosted } from './hosted.ts';
import { listenersAt, processInWords } from './listener-owners.ts';
import { listeningUrls } from './listeners.ts';
import { lookAgainMs } from './patience.ts';

/** Milliseconds for which one process has to go on running: one that dies of its data does so within them. */
const steadyMs = 1_000;
/** Milliseconds that one look may take. It is not cut short with the proof: what was seen last is what is told. */
const lookMs = 5_000;
/** Milliseconds for which another program is let listen where a stopped one had listened: it does not end by itself. */
const strangerMs = 10_000;

/**
 * Proves that nothing is left of what a driver runs: the driver says so, no process holds its data, and nobody listens on
 * its ports of this machine. Looks again until it is so, the signal ends, or another program is seen to have its port.
 * @throws Failure `etcd-not-stopped` or `component-not-stopped`, which names what is left
 */
export async function proveStopped(
  hosted: Hosted,
  driver: HostDriver,
  signal: AbortSignal,
  clock: Clock,
): Promise<StepEvidence> {
  let strangerSince: number | undefined;
  for (;;) {
    const { running, detail } = await driver.state(AbortSignal.timeout(lookMs));
    const left: Left | undefined = running ? { why: detail, foreign: false } : await leftOf(hosted);
    if (left === undefined) return { stopped: true, detail, holders: [], listening: [] };
    strangerSince = left.foreign ? (strangerSince ?? clock.monotonic()) : undefined;
    const tooLong = strangerSince !== undefined && clock.monotonic() - strangerSince >= strangerMs;
    if (signal.aborted || tooLong) throw notStopped(hosted, left.why, { cause: signal.reason });
    await clock.sleep(lookAgainMs, signal).catch(() => undefined);
  }
}

interface Left {
  readonly why: string;
  /** Whether it is another program for certain. */
  readonly foreign: boolean;
}

async function leftOf(hosted: Hosted): Promise<Left | undefined> {
  const urls = await listeningUrls(hosted.urls);
  const holders = await hosted.holders();
  if (holders.length > 0)
    return { why: `process ${holders.join(', ')} holds files in ${hosted.mark}`, foreign: false };
  if (urls.length === 0) return undefined;
  const strangers = await strangersAt(hosted, urls);
  return strangers === undefined
    ? { why: `something listens on ${urls.join(', ')}`, foreign: false }
    : { why: strangers, foreign: true };
}

/** Who else listens there, in words; undefined where of one URL that is not known, or it is our own after all. */
async function strangersAt(hosted: Hosted, urls: readonly string[]): Promise<string | undefined> {
  const own = new Set((await hosted.processes()).map(({ pid }) => pid));
  const told: string[] = [];
  for (const url of urls) {
    const pids = await listenersAt(url);
    if (pids.length === 0 || pids.some((pid) => own.has(pid))) return undefined;
    const names = await Promise.all(pids.map(processInWords));
    told.push(`${names.join(' and ')} listens on ${url}, and has not ${hosted.mark}`);
  }
  return told.join('; ');
}

/**
 * Proves that what a driver runs does its work: one process does it, and a second later it is still the same. Looks again
 * until it is so, it is down, the signal ends, or `patienceMs` milliseconds are over.
 * @throws Failure `etcd-not-started` or `component-not-started` with the end of its log
 */
export async function proveStarted(
  hosted: Hosted,
  driver: HostDriver,
  signal: AbortSignal,
  clock: Clock,
  patienceMs = Number.POSITIVE_INFINITY,
): Promise<StepEvidence> {
  const from = clock.monotonic();
  let since: { pid: number; at: number } | undefined;
  for (;;) {
    const look = AbortSignal.timeout(lookMs);
    const { running, pid, detail } = await driver.state(look);
    const work =
      running && pid !== undefined ? await hosted.works(pid, look) : { lacks: 'it has no process' };
    if (pid === undefined || 'lacks' in work) since = undefined;
    else if (since?.pid !== pid) since = { pid, at: clock.monotonic() };
    else if (clock.monotonic() - since.at >= steadyMs)
      return { started: true, pid, detail, evidence: work.evidence };
    if (!running || signal.aborted || clock.monotonic() - from >= patienceMs) {
      const lacks = running && 'lacks' in work ? `${detail}, but ${work.lacks}` : detail;
      const said = `${lacks}: ${lastWords(await driver.logTail())}`;
      throw notStarted(hosted, said, {}, { cause: signal.reason });
    }
    await clock.sleep(lookAgainMs, signal).catch(() => undefined);
  }
}
