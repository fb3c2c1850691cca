import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { etcdOrSkip, startCluster } from '@holdfast/test-servers';
import { expect, test } from 'vitest';
import { openRepository } from './repository.ts';
import { storeSnapshot } from './testing/snapshot.ts';

const etcd = await etcdOrSkip('3.6');

test.skipIf(etcd.skip)('the commands of docs/format.md bring a snapshot back without Holdfast', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-by-hand-'));
  try {
    const saved = join(folder, 'saved.db');
    {
      await using cluster = await startCluster({ version: '3.6' });
      await cluster.gateway().put('/registry/pods/a', 'as it was');
      await cluster.snapshotSave(saved);
    }
    const repository = await openRepository(join(folder, 'repository'), { create: true });
    const cluster = await repository.addCluster('prod');
    await storeSnapshot(repository, cluster, 'one', readFileSync(saved));

    const page = readFileSync(join(import.meta.dirname, '../../../docs/format.md'), 'utf8');
    const commands = /```sh\n([^]*?)```/.exec(page)?.[1] ?? '';
    const restored = join(folder, 'restored');
    const script = commands
      .replace('<cluster id>', cluster.id)
      .replace('<name>', 'one')
      // What is sealed is opened by the test of the guide.
      .replace(/^age -d .*$/m, 'cp snapshot.db /var/tmp/restore.db')
      .replaceAll('/var/tmp', folder)
      .replace('/var/lib/etcd-restored', restored)
      .replaceAll('https://10.0.0.1:2380', 'http://127.0.0.1:2380');
    const tools = dirname((!etcd.skip && etcd.binaries.etcdutl) || '');
    const printed = execFileSync('bash', ['-euo', 'pipefail', '-c', script], {
      cwd: repository.location,
      encoding: 'utf8',
      env: { ...process.env, PATH: `${tools}${delimiter}${process.env['PATH']}` },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    expect(printed).toContain('"name": "prod"');
    expect(printed.match(/[0-9a-f]{64}/g)).toHaveLength(2);
    expect(new Set(printed.match(/[0-9a-f]{64}/g)).size).toBe(1);

    await using back = await startCluster({ version: '3.6', dataDirs: [restored] });
    const { keyValues } = await back.gateway().range({ key: '/registry/pods/a' });
    expect(Buffer.from(keyValues[0]!.value).toString()).toBe('as it was');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
