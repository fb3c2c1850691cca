import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@holdfast/base';
import { etcdOrSkip, startCluster } from '@holdfast/test-servers';
import { expect, test } from 'vitest';
import { etcdProgram } from './program.ts';
import { startSandbox } from './sandbox.ts';

const latest = await etcdOrSkip('3.6');
const { signal } = new AbortController();

/** The processes whose command has a word. */
async function processesWith(word: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const commands = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return pids.filter((_, i) => commands[i]!.split('\0').includes(word));
}

test.skipIf(latest.skip || !existsSync('/proc/self/oom_score_adj'))(
  'a throw-away etcd gives way to the real work of its machine, and is gone when it is disposed of',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-sandbox-'));
    try {
      const dataDir = join(folder, 'data');
      {
        await using cluster = await startCluster({ version: '3.6', fsync: true });
        await cluster.gateway().put('k0', 'v');
        await cluster.stop(0);
        await cp(cluster.members[0]!.dataDir, dataDir, { recursive: true });
      }
      const program = await etcdProgram(latest.skip ? '' : latest.binaries.etcd, signal);
      const word = `--data-dir=${dataDir}`;
      {
        await using _ = await startSandbox({
          ...{ program, dataDir, folder: join(folder, 'server'), forceNewCluster: true },
          ...{ clock: systemClock, signal },
        });
        const [pid, another] = await processesWith(word);
        expect(another).toBeUndefined();
        const read = async (name: string): Promise<string> => readFile(`/proc/${pid}/${name}`, 'utf8');
        expect((await read('oom_score_adj')).trim()).toBe('1000');
        // Its niceness is the 19th field; the second one, in brackets, may hold spaces.
        const stat = await read('stat');
        expect(Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16])).toBeGreaterThan(0);
        expect(await read('environ')).toMatch(/(?:^|\0)GOMEMLIMIT=\d{9,}(?:\0|$)/);
      }
      expect(await processesWith(word)).toEqual([]);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);
