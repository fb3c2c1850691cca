import { orSkip } from '../obtain/or-skip.ts';
import { kubeApiserverBinary } from './obtain.ts';

/**
 * Gets kube-apiserver for a test file, as `describe.skipIf((await kubeApiserverOrSkip()).skip)(…)`. Where none can be had
 * its tests are skipped with one line that says why; but in CI (CI=true) they fail.
 */
export async function kubeApiserverOrSkip(): Promise<{ readonly skip: boolean }> {
  return orSkip(async () => kubeApiserverBinary((line) => console.error(line)));
}
