import { join } from 'node:path';
import { Failure, type Clock } from '@holdfast/base';
import { lastWords } from '@holdfast/etcd/server-log';
import type { StepEvidence } from '@holdfast/engine';
import type { MemberDescription } from '@holdfast/model';
import type { HostDriver } from './driver.ts';
import { dataHolders, databaseLockers } from './holders.ts';
import { listeningUrls } from './listeners.ts';
import { lookAgainMs } from './patience.ts';

/** Milliseconds for which one process has to go on running: one that dies of its data does so within them. */
const steadyMs = 1_000;

/**
 * Proves that nothing of a member's etcd is left: its driver says so, no process holds its data, and nobody listens on
 * its ports of this machine. Looks again until it is so, or the signal ends.
 * @throws Failure `etcd-not-stopped`, which names what is left
 */
export async function proveStopped(
  member: MemberDescription,
  driver: HostDriver,
  signal: AbortSignal,
  clock: Clock,
): Promise<StepEvidence> {
  for (;;) {
    const { running, detail } = await driver.state(signal.aborted ? AbortSignal.timeout(steadyMs) : signal);
    const left = running ? detail : await leftOf(member);
    if (left === '') return { stopped: true, detail, holders: [], listening: [] };
    if (signal.aborted)
      throw new Failure('etcd-not-stopped', left, { member: member.name }, { cause: signal.reason });
    await clock.sleep(lookAgainMs, signal).catch(() => undefined);
  }
}

async function leftOf({ dataDir, walDir, clientUrls, peerUrls }: MemberDescription): Promise<string> {
  const listening = await listeningUrls([...clientUrls, ...peerUrls]);
  if (listening.length > 0) return `something listens on ${listening.join(', ')}`;
  const holders = await dataHolders(join(dataDir, 'member'), walDir);
  if (holders.length > 0) return `process ${holders.join(', ')} holds files of ${dataDir}`;
  return '';
}

/**
 * Proves that a member's etcd runs from its data: one process holds the database's lock, or all its ports of this machine
 * are open, and a second later it is still the same. Looks again until it is so, it is down, or the signal ends.
 * @throws Failure `etcd-not-started` with the end of its log
 */
export async function proveStarted(
  member: MemberDescription,
  driver: HostDriver,
  signal: AbortSignal,
  clock: Clock,
): Promise<StepEvidence> {
  let since: { pid: number; at: number } | undefined;
  for (;;) {
    const { running, pid, detail } = await driver.state(
      signal.aborted ? AbortSignal.timeout(steadyMs) : signal,
    );
    const evidence = running && pid !== undefined ? await runsFrom(member, pid) : undefined;
    if (pid === undefined || evidence === undefined) since = undefined;
    else if (since?.pid !== pid) since = { pid, at: clock.monotonic() };
    else if (clock.monotonic() - since.at >= steadyMs) return { started: true, pid, detail, evidence };
    if (!running || signal.aborted) {
      const why = running ? `${detail}, but it neither holds its database nor listens` : detail;
      const said = `${why}: ${lastWords(await driver.logTail())}`;
      throw new Failure('etcd-not-started', said, { member: member.name }, { cause: signal.reason });
    }
    await clock.sleep(lookAgainMs, signal).catch(() => undefined);
  }
}

async function runsFrom(
  { dataDir, clientUrls, peerUrls }: MemberDescription,
  pid: number,
): Promise<string | undefined> {
  if ((await databaseLockers(join(dataDir, 'member'))).includes(pid))
    return 'it holds the lock of its database';
  const urls = new Set([...clientUrls, ...peerUrls]);
  return (await listeningUrls([...urls])).length === urls.size ? 'it listens on all its ports' : undefined;
}
