import { limits } from '@holdfast/base';

/**
 * Whether an etcd has a leader and answers a read, by its own `/health`. Alarms do not count: one that came with the data
 * is nothing that waiting would end.
 */
export async function isHealthy(endpoint: string, signal: AbortSignal): Promise<boolean> {
  try {
    const answer = await fetch(`${endpoint}/health?exclude=NOSPACE&exclude=CORRUPT`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(limits.etcdProbeMs)]),
    });
    // Versions differ in whether the word is quoted.
    return /"health":\s*"?true/.test(await answer.text());
  } catch {
    return false;
  }
}
