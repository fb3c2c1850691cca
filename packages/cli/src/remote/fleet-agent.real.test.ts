import { spawn } from 'node:child_process';
import { openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { etcdOrSkip, killEtcdsUnder, openGateway, reservePort, type Gateway } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { testServer, type TestServer } from './testing/server.ts';

const etcd = await etcdOrSkip('3.6');

/** An etcd with one member below a folder, and the description of the cluster by which an agent runs it. */
async function startEtcd(folder: string, program: string) {
  const [client, peer] = [await reservePort(), await reservePort()];
  const [clientUrl, peerUrl] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`];
  const [dataDir, logFile] = [join(folder, 'etcd'), join(folder, 'etcd.log')];
  const command = [
    ...[program, '--name', 'm1', '--data-dir', dataDir, '--initial-cluster', `m1=${peerUrl}`],
    ...['--listen-client-urls', clientUrl, '--advertise-client-urls', clientUrl],
    ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
  ];
  const member = { name: 'm1', peerUrls: [peerUrl], clientUrls: [clientUrl], dataDir };
  const run = { driver: 'process', command, logFile };
  const head = { apiVersion: 'holdfast.dev/v1', kind: 'ClusterDescription', name: 'prod' };
  const file = join(folder, 'cluster.json');
  writeFileSync(file, JSON.stringify({ ...head, members: [{ ...member, run }] }));
  const log = openSync(logFile, 'a');
  spawn(command[0]!, command.slice(1), { stdio: ['ignore', log, log], detached: true }).unref();
  return { clientUrl, file };
}

describe.skipIf(etcd.skip)('a cluster with an agent', () => {
  const program = etcd.skip ? '' : etcd.binaries.etcd;
  const stop = new AbortController();
  let server: TestServer;
  let agent: Promise<unknown>;
  let gateway: Gateway;

  const cli = async (words: string) => await server.run(words.split(' '));
  async function done(words: string): Promise<string> {
    const { exit, stdout, stderr } = await cli(words);
    expect([exit, exit === 0 ? '' : stderr], words).toEqual([0, '']);
    return stdout;
  }

  beforeAll(async () => {
    server = await testServer();
    const { clientUrl, file } = await startEtcd(server.folder, program);
    gateway = openGateway({ url: clientUrl });
    await vi.waitFor(() => gateway.put('a', 'one'), { timeout: 20_000 });
    await done('cluster add prod --in main');
    await done(`cluster join prod --token-out ${join(server.folder, 'join')}`);
    agent = server.run(
      [
        ...['agent', '--server', server.url, '--server-ca-sha256', server.caSha256],
        ...['--token-file', join(server.folder, 'join'), '--name', 'n1', '--cluster-file', file],
        ...['--endpoints', clientUrl, '--listen', 'none', '--peer-listen', '127.0.0.1:0', '--etcd', program],
        ...['--state-dir', join(server.folder, 'state')],
      ],
      { signal: stop.signal },
    );
    await vi.waitFor(async () => expect((await cli('cluster show prod')).stdout).toMatch(/leader/), {
      ...{ timeout: 30_000, interval: 250 },
    });
  }, 60_000);
  afterAll(async () => {
    stop.abort(new Error('enough'));
    await agent;
    await killEtcdsUnder(server.folder);
    await server[Symbol.asyncDispose]();
  });

  test('is saved, by a person and by a policy, and what is stored is proven, drilled, deleted', async () => {
    expect(await done('snapshot save --name first')).toMatch(
      /^saved first of cluster prod[^]*in +main: verified/,
    );
    await done('policy set main --cron none --keep-last 3');
    expect(await done('policy run main')).toMatch(/^saved main-m1-/);
    expect(await done('snapshot list')).toMatch(/^NAME +CLUSTER +TAKEN[^]*main-m1-[^]*first +prod/);
    expect(await done('snapshot show latest~1')).toMatch(/^name +first/);
    expect(await done('snapshot verify first')).toMatch(/^first in main: passed/);
    expect(await done('drill run first')).toMatch(/^passed first/);
    expect(await done('drill list')).toMatch(/first +passed/);
    expect(await cli('snapshot delete first')).toMatchObject({ exit: 20 });
    expect(await done('snapshot delete first --yes')).toMatch(/^Deleted snapshot first/);
    expect(await done('snapshot list -q')).toMatch(/^main-m1-\d+\n$/);
    expect(await done('status')).toMatch(/prod +ok +healthy +1\/1/);
  }, 60_000);

  test('is restored by the plan that was shown, step by step, and put back', async () => {
    await gateway.put('a', 'two');
    expect(await cli('restore plan')).toMatchObject({ exit: 14 });
    const planned = await done('restore plan --way snapshot --snapshot latest');
    const [, plan] = /holdfast restore run --plan (op-\w+)/.exec(planned) ?? [];
    expect(await cli(`restore run --plan ${plan}`)).toMatchObject({ exit: 20 });
    expect(await cli(`restore run --plan ${plan} --confirm test`)).toMatchObject({ exit: 20 });
    const { exit, stdout, stderr } = await cli(`restore run --plan ${plan} --confirm prod`);
    expect([exit, stdout]).toEqual([0, expect.stringMatching(/^restored cluster prod in /)]);
    expect(stderr).toMatch(/\[5\/13\] Shutdown {2}stop m1: done in/);
    expect((await gateway.range({ key: 'a' })).keyValues.map(({ value }) => String(value))).toEqual(['one']);
    expect(await done('restore status')).toMatch(/restore +prod +succeeded/);
    expect(await done('restore status latest')).toMatch(/13 +save +cluster +done/);
    expect(await cli('restore abort latest')).toMatchObject({
      exit: 14,
      stderr: expect.stringContaining('rollback, release'),
    });
    expect(await done('restore rollback latest --confirm prod')).toMatch(/^put back cluster prod/);
    expect(await done('restore release latest --confirm prod')).toMatch(/^released r-[^]*deleted /);
    expect(await done('operation list --kind restore')).toMatch(/rolled-back/);
    expect(await cli('cluster remove-node prod n1')).toMatchObject({ exit: 20 });
    expect(await done('cluster remove-node prod n1 --confirm prod')).toMatch(/^Removed n1 \(n-/);
    expect(await done('cluster list')).toMatch(/prod[^\n]* 0\/0 /);
  }, 180_000);
});
