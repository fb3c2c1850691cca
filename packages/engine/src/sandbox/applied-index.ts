import { Failure, limits } from '@holdfast/base';

/**
 * The last entry of the log that an etcd has applied, by its metric `etcd_server_proposals_applied_total`: the one place
 * where all versions tell it without a login.
 *
 * @throws Failure etcd-unreachable; the signal's reason
 */
export async function appliedIndex(endpoint: string, signal: AbortSignal): Promise<number> {
  try {
    const answer = await fetch(`${endpoint}/metrics`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(limits.etcdCallMs)]),
    });
    const value = /^etcd_server_proposals_applied_total (\S+)$/m.exec(await answer.text())?.[1];
    if (value === undefined) throw new Error('it does not tell how much of its log is applied');
    return Number(value);
  } catch (cause) {
    signal.throwIfAborted();
    throw new Failure('etcd-unreachable', (cause as Error).message, { endpoint }, { cause });
  }
}
