import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { etcdOrSkip, freePort, reservePort } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { commandsOf, part } from './pages.ts';
import { beginHoldfast, type Running } from './product.ts';
import { Lab } from './restore/lab.ts';

const etcd = await etcdOrSkip('3.6');

/** The SHA-256 of the CA that a server names. */
async function caOf(url: string): Promise<string> {
  const agent = new Agent({ rejectUnauthorized: false });
  const pem = await new Promise<string>((resolve, reject) => {
    get(`${url}/v1/ca`, { agent }, (reply) => {
      let text = '';
      reply.on('data', (chunk: Buffer) => (text += chunk.toString()));
      reply.on('end', () => resolve(text));
    }).on('error', reject);
  });
  return new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();
}

describe.skipIf(etcd.skip)('A fleet, in the README', () => {
  let folder: string;
  const running: Running[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-docs-'));
  });
  afterAll(async () => {
    for (const each of running.toReversed()) {
      each.signal('SIGTERM');
      await each.finished;
    }
    await rm(folder, { recursive: true });
  });

  test('its commands save a cluster, and bring it back when it is lost', async () => {
    await using lab = await Lab.make({ version: '3.6', members: 3 });
    await lab.start();
    const port = await reservePort();
    const url = `https://127.0.0.1:${port}`;
    const here: [RegExp, string][] = [
      [/https:\/\/holdfast\.example:9443/g, url],
      [/https:\/\/10\.0\.0\.1:2379.*$/, lab.members.map(({ clientUrl }) => clientUrl).join(',')],
      [/\/mnt\/backup/, join(folder, 'repository')],
      [/\/var\/lib\/holdfast-server/, join(folder, 'server')],
      [/(?<=--token\S+ )join-token/, join(folder, 'join-token')],
    ];
    const commands = commandsOf(part('README.md', 'A fleet'));
    const begin = (start: string, ...more: string[]): Running => {
      const command = commands.find(
        (each) => each.startsWith(`npx holdfast ${start} `) || each === `npx holdfast ${start}`,
      )!;
      const line = here.reduce((text, [from, to]) => text.replace(from, to), command);
      const env = { HOME: join(folder, 'home'), HOLDFAST_SERVER: url };
      return beginHoldfast([...line.split(/\s+/).slice(2), ...more], undefined, env);
    };
    const done = async (start: string, ...more: string[]): Promise<string> => {
      const { status, stdout, stderr } = await begin(start, ...more).finished;
      expect({ start, status, stderr: status === 0 ? '' : stderr }).toEqual({ start, status: 0, stderr: '' });
      return stdout;
    };

    running.push(begin('server', '--listen', `127.0.0.1:${port}`));
    here.push([/\ba600970bd979…/, await vi.waitFor(() => caOf(url), { timeout: 90_000, interval: 250 })]);
    await done('login', '--password-file', join(folder, 'server/initial-admin-password'));
    await done('repo add');
    await done('cluster add');
    expect(await done('cluster join')).toContain(`holdfast agent --server ${url} --server-ca-sha256`);
    const state = ['--state-dir', join(folder, 'state'), '--peer-listen', '127.0.0.1:0', '--listen', 'none'];
    running.push(begin('agent', ...state, '--cluster-file', lab.clusterFile));
    await vi.waitFor(() => done('snapshot save'), { timeout: 90_000, interval: 500 });
    await done('status');
    await lab.destroy(lab.members.slice(1));
    expect(await done('restore run', '--confirm', 'prod')).toMatch(/^restored cluster prod/);
    await lab.healthy(lab.members);
    freePort(port);
    expect(commands.filter((each) => each.startsWith('npx holdfast')).length).toBe(9);
  }, 300_000);
});
