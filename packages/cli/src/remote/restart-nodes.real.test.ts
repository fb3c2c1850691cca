import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { reservePort, systemdOrSkip, type SystemdMachine } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { testServer, type TestServer } from './testing/server.ts';

const systemd = await systemdOrSkip();
const checkout = join(import.meta.dirname, '..', '..', '..', '..');

/** A unit `kubelet` of a machine, which answers at its healthz, and is well after a while. */
async function placeKubelet(machine: SystemdMachine): Promise<void> {
  const port = await reservePort();
  const [program, script] = [join(machine.dir, 'kubelet'), join(machine.dir, 'kubelet.mjs')];
  await symlink(process.execPath, program);
  await writeFile(
    script,
    `import { createServer } from 'node:http';
const from = performance.now();
createServer((_, answer) => answer.writeHead(performance.now() - from > 2_000 ? 200 : 503).end())
  .listen(${port}, '127.0.0.1');
`,
  );
  await machine.addUnit(
    'kubelet.service',
    `[Service]\nExecStart=${program} ${script} --healthz-port=${port}\nRestart=always\n`,
  );
  await machine.run('systemctl', ['start', 'kubelet.service']);
}

describe.skipIf(systemd.skip)('a worker with an agent', () => {
  let server: TestServer;
  let machine: SystemdMachine;
  const pidOf = async (unit: string): Promise<number> => {
    const { stdout } = await machine.run('systemctl', ['show', '--property=MainPID', '--value', unit]);
    return Number(stdout);
  };

  beforeAll(async () => {
    if (systemd.skip) throw new Error(systemd.why);
    server = await testServer();
    machine = await systemd.start([checkout, dirname(process.execPath)]);
    await placeKubelet(machine);
    const [token, state] = [join(machine.dir, 'join'), join(machine.dir, 'state')];
    await server.run(['cluster', 'add', 'prod', '--distribution', 'kubeadm']);
    await server.run(['cluster', 'join', 'prod', '--token-out', join(server.folder, 'join')]);
    await writeFile(token, await readFile(join(server.folder, 'join')), { mode: 0o600 });
    await mkdir(state, { mode: 0o700 });
    const agent = [
      ...[process.execPath, join(checkout, 'packages/cli/bin/holdfast.js'), 'agent', '--name', 'w1'],
      ...['--server', server.url, '--server-ca-sha256', server.caSha256, '--token-file', token],
      ...['--state-dir', state, '--listen', 'none', '--peer-listen', '127.0.0.1:0'],
    ];
    await machine.addUnit(
      'holdfast-agent.service',
      `[Service]\nExecStart=${agent.join(' ')}\nRestart=always\n`,
    );
    await machine.run('systemctl', ['start', 'holdfast-agent.service']);
    await vi.waitFor(
      async () => {
        const shown = await server.run(['cluster', 'show', 'prod', '-o', 'json']);
        const { nodes } = JSON.parse(shown.stdout) as { nodes: { inventory: object | null }[] };
        expect(nodes[0]?.inventory).toMatchObject({ members: [], nodeParts: ['kubelet.service'], notes: [] });
      },
      { timeout: 60_000, interval: 250 },
    );
  }, 120_000);
  afterAll(async () => {
    await machine[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  test('has its kubelet restarted once, though its agent is killed amid it', async () => {
    const before = await pidOf('kubelet.service');
    // It is noticed by nobody before the agent is there again.
    const restarting = server.run(['cluster', 'restart-nodes', 'prod', '--node', 'w1']);
    await vi.waitFor(async () => expect(await pidOf('kubelet.service')).not.toBe(before), {
      timeout: 30_000,
      interval: 20,
    });
    const after = await pidOf('kubelet.service');
    await machine.run('systemctl', ['kill', '--signal=SIGKILL', 'holdfast-agent.service']);
    const { exit, stdout, stderr } = await restarting;
    expect([exit, stderr.includes('error:')], stderr).toEqual([0, false]);
    expect(stdout).toMatch(/restart-nodes of cluster prod[^]*succeeded[^]*restarted +w1/);
    expect(await pidOf('kubelet.service')).toBe(after);
  });
});
