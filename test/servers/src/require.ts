import type { EtcdBinaries } from './obtain/etcd-folder.ts';
import { etcdBinaries } from './obtain/etcd.ts';
import { goToolchain, type GoToolchain } from './obtain/go.ts';
import { orSkip, type Skipped } from './obtain/or-skip.ts';
import type { EtcdMinor } from './obtain/versions.ts';

/** Whether the tests of one etcd are skipped, in the form that vitest's `skipIf` takes. */
export type EtcdOrSkip = { readonly skip: false; readonly binaries: EtcdBinaries } | Skipped;

/**
 * Gets an etcd for a test file, as `describe.skipIf((await etcdOrSkip('3.6')).skip)(…)`. Where none can be had
 * its tests are skipped with one line that says why; but in CI (CI=true) they fail.
 */
export async function etcdOrSkip(minor: EtcdMinor): Promise<EtcdOrSkip> {
  const got = await orSkip(async () => etcdBinaries(minor, (line) => console.error(line)));
  return got.skip ? got : { skip: false, binaries: got.had };
}

/** The same of a Go toolchain, for tests of what programs in Go write. */
export async function goOrSkip(): Promise<
  { readonly skip: false; readonly toolchain: GoToolchain } | Skipped
> {
  const got = await orSkip(async () => goToolchain((line) => console.error(line)));
  return got.skip ? got : { skip: false, toolchain: got.had };
}
