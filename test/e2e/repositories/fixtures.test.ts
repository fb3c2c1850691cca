import { chmodSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { etcdOrSkip, planCluster, startPlanned } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { holdfast } from '../product.ts';

const fixtures = join(import.meta.dirname, '../../fixtures/repositories');
const { skip } = await etcdOrSkip('3.6');

describe.skipIf(skip).each(['v1', 'v2'])('a repository of version %s', (version) => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-fixture-'));
    cpSync(join(fixtures, version), join(folder, 'repository'), { recursive: true });
    cpSync(join(fixtures, 'v2.key'), join(folder, 'v2.key'));
    chmodSync(join(folder, 'v2.key'), 0o600);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  async function done(...args: string[]): Promise<string> {
    const env = {
      HOLDFAST_REPO: join(folder, 'repository'),
      HOLDFAST_IDENTITY_FILE: join(folder, 'v2.key'),
      HOLDFAST_STATE_DIR: join(folder, 'state'),
    };
    const { status, stdout, stderr } = await holdfast(args, undefined, env);
    expect({ args, status, stderr: status === 0 ? '' : stderr }).toMatchObject({ status: 0 });
    return stdout;
  }

  test('is listed, proven and restored by this one', async () => {
    const { items } = JSON.parse(await done('snapshot', 'list', '-o', 'json')) as {
      items: { name: string; state: string; pinned: boolean }[];
    };
    expect(items.map(({ name, state, pinned }) => ({ name, state, pinned }))).toEqual([
      { name: 'second', state: 'verified', pinned: false },
      { name: 'first', state: 'verified', pinned: true },
    ]);
    for (const name of ['first', 'second']) await done('snapshot', 'verify', name);
    await done('repo', 'check', '--read', 'all');
    const plan = await planCluster({ version: '3.6' });
    const [member] = plan.members;
    await done(
      ...['restore', 'datadir', '--snapshot', 'latest', '--data-dir', member!.dataDir],
      ...['--name', member!.name, '--initial-cluster', plan.initialCluster],
      ...['--initial-advertise-peer-urls', member!.peerUrl, '--initial-cluster-token', plan.token],
    );
    await using restored = await startPlanned(plan, { restored: true });
    const { keyValues } = await restored
      .gateway()
      .rangeAll({ key: '/registry/configmaps/', end: '/registry/configmaps0' });
    expect(keyValues.map(({ key }) => key.toString())).toEqual([
      ...[0, 1, 2, 3, 4, 5, 6].map((n) => `/registry/configmaps/default/c${n}`),
      '/registry/configmaps/default/late',
    ]);
  });
});
