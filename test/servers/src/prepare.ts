import { etcdBinaries } from './obtain/etcd.ts';
import { messageOf } from './obtain/run.ts';
import { etcdMinors, isEtcdMinor } from './obtain/versions.ts';

/** Gets every etcd named on the command line, or all of them, before tests need them. */
async function prepare(wanted: readonly string[]): Promise<number> {
  let failed = 0;
  for (const minor of wanted) {
    if (!isEtcdMinor(minor)) {
      console.error(`etcd ${minor} is not one of ${etcdMinors.join(', ')}`);
      return 2;
    }
    try {
      const had = await etcdBinaries(minor, (line) => console.log(line));
      console.log(`etcd ${minor}: ${had.version}, ${had.etcd}`);
    } catch (error) {
      console.error(messageOf(error));
      failed++;
    }
  }
  return failed === 0 ? 0 : 1;
}

const named = process.argv.slice(2);
process.exitCode = await prepare(named.length === 0 ? etcdMinors : named);
