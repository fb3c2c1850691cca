import { orSkip, type Skipped } from '../obtain/or-skip.ts';
import { PartUnavailable } from '../obtain/ways.ts';
import { type Lan, startLan } from './lan.ts';

/** Whether the tests of machines are skipped, in the form that vitest's `skipIf` takes. */
export type HostsOrSkip = { readonly skip: false; readonly start: () => Promise<Lan> } | Skipped;

/**
 * Tries whether machines of namespaces can be had here. Where they cannot, the tests are skipped with one line that says
 * why; but in CI (CI=true) they fail.
 */
export async function hostsOrSkip(): Promise<HostsOrSkip> {
  const tried = await orSkip(async () => {
    try {
      await using lan = await startLan();
      await lan.host('trial', 10);
    } catch (error) {
      throw new PartUnavailable('machines of namespaces', [(error as Error).message]);
    }
  });
  return tried.skip ? tried : { skip: false, start: startLan };
}
