import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Inventory } from '@holdfast/model/fleet';
import { type SystemdMachine, systemdOrSkip } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { InventoryCall } from '../../testing/call-inventory.ts';
import { makeSlowServer } from '../../testing/component-conformance.ts';

const systemd = await systemdOrSkip();
const checkout = join(import.meta.dirname, '..', '..', '..', '..', '..');
const callInventory = join(import.meta.dirname, '..', '..', 'testing', 'call-inventory.ts');

describe.skipIf(systemd.skip)('a machine without etcd', () => {
  let machine: SystemdMachine;
  beforeAll(async () => {
    if (systemd.skip) throw new Error(systemd.why);
    machine = await systemd.start([checkout, dirname(process.execPath)]);
  }, 60_000);
  afterAll(() => machine[Symbol.asyncDispose]());

  const gathered = async (endpoints: readonly string[] = []): Promise<Inventory> => {
    const input = JSON.stringify({ stateDir: join(machine.dir, 'state'), endpoints } satisfies InventoryCall);
    const { code, stdout, stderr } = await machine.run(process.execPath, [callInventory], { input });
    if (code !== 0) throw new Error(stderr);
    return Inventory.parse(JSON.parse(stdout));
  };
  const run = async (name: string, ...flags: readonly string[]): Promise<void> => {
    const dir = join(machine.dir, name);
    await mkdir(dir);
    const { command } = await makeSlowServer(dir, name, 0);
    await machine.addUnit(`${name}.service`, `[Service]\nExecStart=${[...command, ...flags].join(' ')}\n`);
    await machine.run('systemctl', ['start', `${name}.service`]);
  };

  test('that runs nothing at all says that it has none', async () => {
    expect(await gathered()).toMatchObject({
      ...{ members: [], components: [], nodeParts: [], driver: null },
      notes: [expect.stringContaining('no process of etcd runs here') as string],
    });
  });

  test('is a worker with a kubelet, of which no etcd is missed', async () => {
    await run('kubelet');
    expect(await gathered()).toMatchObject({
      ...{ members: [], components: [], nodeParts: ['kubelet.service'], driver: null, notes: [] },
    });
  });

  test('has its control plane described whose data is in the etcd that the agent is told of', async () => {
    const etcd = 'https://etcd.example:2379';
    await run('kube-apiserver', `--etcd-servers=${etcd}`);
    const described = await gathered([etcd]);
    expect(described.components).toMatchObject([
      { component: 'kube-apiserver', run: { driver: 'systemd', unit: 'kube-apiserver.service' } },
    ]);
    expect(described).toMatchObject({ members: [], nodeParts: ['kubelet.service'] });
  });
});
