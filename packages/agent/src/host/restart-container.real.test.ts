import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RestartResult } from '@holdfast/model/fleet';
import { expect, test } from 'vitest';
import type { Act } from '../fleet/orders/act.ts';
import { restartByOrder } from '../fleet/orders/restart.ts';
import { orderOf } from '../fleet/testing/orders.ts';
import { hastyClock } from '../testing/call-driver.ts';
import { makeSlowServer } from '../testing/component-conformance.ts';
import { writeContainer } from '../testing/small-docker.ts';
import { docker } from './docker.ts';
import { findNodeParts } from './node-parts.ts';

const isRoot = process.getuid?.() === 0;
const smallDocker = join(import.meta.dirname, '..', 'testing', 'small-docker.ts');

test.skipIf(!isRoot)(
  'the containers in which RKE has kubelet and kube-proxy are restarted one after the other',
  async () => {
    const dir = await mkdtemp(join(tmpdir(), 'holdfast-restart-'));
    const root = join(dir, 'docker');
    await mkdir(root);
    // No unit of this machine is meant.
    const access = { docker: [process.execPath, smallDocker, root], systemctl: ['false'] };
    const names = ['kubelet', 'kube-proxy'] as const;
    try {
      expect(await findNodeParts(access)).toEqual([]);
      for (const name of names) {
        const { command: serving, url } = await makeSlowServer(dir, name, 300);
        // Where its file says.
        const file = join(dir, `${name}.yaml`);
        await writeFile(file, `kind: KubeletConfiguration\nhealthzPort: ${new URL(url).port}\n`);
        const command = name === 'kubelet' ? [...serving, `--config=${file}`] : serving;
        const state = { status: 'created', pid: 0, exitCode: 0 } as const;
        const container = { id: name.padEnd(64, '0'), name, image: 'rancher/hyperkube:v1.32.0', command };
        writeContainer(root, { ...container, mounts: [], restart: 'always', state, stopped: false });
        await docker(access, ['start', name]);
      }
      expect(await findNodeParts(access)).toEqual(['docker/kubelet', 'docker/kube-proxy']);
      const pids = async (): Promise<number[]> => {
        const texts = await Promise.all(names.map((name) => readFile(join(root, `${name}.json`), 'utf8')));
        return texts.map((text) => (JSON.parse(text) as { state: { pid: number } }).state.pid);
      };
      const before = await pids();
      const told: unknown[] = [];
      const act: Act = {
        ...{ order: orderOf('o-first', 'restart', {}), signal: AbortSignal.timeout(60_000), told: [] },
        progress: () => {},
        tell: async (type, data) => void told.push([type, data['part']]),
      };
      const result = await restartByOrder({ clock: hastyClock }, { except: [] }, act, { access });
      const after = await pids();
      expect(RestartResult.parse(result).restarted).toMatchObject([
        { part: 'docker/kubelet', pidBefore: before[0], pidAfter: after[0] },
        { part: 'docker/kube-proxy', pidBefore: before[1], pidAfter: after[1] },
      ]);
      expect(RestartResult.parse(result).restarted[0]!.evidence).toContain(
        'its kubelet answers that it is well',
      );
      expect(after.some((pid) => before.includes(pid))).toBe(false);
      expect(told).toEqual([
        ['note', 'docker/kubelet'],
        ['note', 'docker/kube-proxy'],
      ]);
      const calls = await readFile(join(root, 'calls'), 'utf8');
      expect(calls.match(/^restart .*/gm)).toEqual([
        'restart --time=20 kubelet',
        'restart --time=20 kube-proxy',
      ]);
    } finally {
      for (const name of names) await docker(access, ['kill', '--signal=KILL', name]);
      await rm(dir, { recursive: true });
    }
  },
);
