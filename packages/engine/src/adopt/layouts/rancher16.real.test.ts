import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, closeSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@holdfast/base';
import { etcdOrSkip, freePort, reservePort } from '@holdfast/test-servers';
import { expect, test } from 'vitest';
import { openForeignFolder } from '../place/index.ts';
import { scanForeign } from '../scan.ts';

const etcd = await etcdOrSkip('3.4');
const signal = AbortSignal.timeout(60_000);

/** What the note of such a folder advises is done here, word for word, by the programs that it names. */
test.skipIf(etcd.skip)('the keys of a version-2 backup are carried over as the note says', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-rancher16-'));
  const { etcd: server, etcdctl } = etcd.skip ? { etcd: '', etcdctl: '' } : etcd.binaries;
  const ctl = (api: '2' | '3', ...args: string[]): string =>
    execFileSync(etcdctl, args, {
      encoding: 'utf8',
      stdio: 'pipe',
      env: { ...process.env, ETCDCTL_API: api },
    });
  try {
    const [data, name] = [join(folder, 'data'), '2018-04-09T15:03:54Z_etcd_1'];
    const first = await start(server, data, '--enable-v2', '--snapshot-count', '5');
    for (let i = 0; i < 8; i += 1) {
      const body = new URLSearchParams({ value: `v${i}` });
      await fetch(`${first.url}/v2/keys/registry/pods/p${i}`, { method: 'PUT', body, signal });
    }
    await first.stop();
    const backup = join(folder, 'backups', name);
    ctl('2', 'backup', '--data-dir', data, '--backup-dir', backup);
    // etcd 2.3 knew no database.
    rmSync(join(backup, 'member', 'snap', 'db'));
    const place = await openForeignFolder(join(folder, 'backups'));
    const { snapshots } = await scanForeign(place, { signal, clock: systemClock });
    expect(snapshots).toMatchObject([{ system: 'rancher-1.6', name, form: 'v2-backup', restorable: false }]);
    expect(snapshots[0]!.notes.at(-1)).toContain('`ETCDCTL_API=3 etcdctl migrate --data-dir COPY`');

    ctl('3', 'migrate', '--data-dir', backup);
    const second = await start(server, backup, '--force-new-cluster');
    const keys = ctl('3', '--endpoints', second.url, 'get', '--prefix', '/registry', '--keys-only');
    await second.stop();
    expect(keys.match(/\/registry\/pods\/p\d/g)).toHaveLength(8);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** Starts an etcd of one member and waits until it answers. */
async function start(server: string, dataDir: string, ...flags: string[]) {
  const ports = [await reservePort(), await reservePort()];
  const [client = '', peer = ''] = ports.map((port) => `http://127.0.0.1:${port}`);
  const log = openSync(`${dataDir}.log`, 'w');
  const urls = [
    '--listen-client-urls',
    client,
    '--advertise-client-urls',
    client,
    '--listen-peer-urls',
    peer,
  ];
  const cluster = ['--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`];
  const child = spawn(server, ['--data-dir', dataDir, ...urls, ...cluster, ...flags], {
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const ended = once(child, 'exit');
  for (;;) {
    signal.throwIfAborted();
    if (child.exitCode !== null) throw new Error(readFileSync(`${dataDir}.log`, 'utf8').slice(-2000));
    const answer = await fetch(`${client}/health`, { signal }).catch(() => undefined);
    if (answer?.ok === true) break;
    await new Promise((resolve) => void setTimeout(resolve, 50));
  }
  return {
    url: client,
    stop: async () => {
      child.kill();
      await ended;
      for (const port of ports) freePort(port);
    },
  };
}
