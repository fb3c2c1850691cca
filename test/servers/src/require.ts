import type { EtcdBinaries } from './obtain/etcd-folder.ts';
import { etcdBinaries } from './obtain/etcd.ts';
import { messageOf } from './obtain/run.ts';
import type { EtcdMinor } from './obtain/versions.ts';

/** Whether the tests of one etcd are skipped, in the form that vitest's `skipIf` takes. */
export type EtcdOrSkip =
  | { readonly skip: false; readonly binaries: EtcdBinaries }
  | { readonly skip: true; readonly why: string };

/**
 * Gets an etcd for a test file, as `describe.skipIf((await etcdOrSkip('3.6')).skip)(…)`. Where none can be had
 * its tests are skipped with one line that says why; but in CI (CI=true) they fail.
 */
export async function etcdOrSkip(minor: EtcdMinor): Promise<EtcdOrSkip> {
  try {
    return { skip: false, binaries: await etcdBinaries(minor, (line) => console.error(line)) };
  } catch (error) {
    if (process.env['CI'] === 'true') throw error;
    const why = messageOf(error).replaceAll(/\s*\n\s*/g, ' ');
    console.error(`skipped: ${why}`);
    return { skip: true, why };
  }
}
