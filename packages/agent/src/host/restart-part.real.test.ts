import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { NodePart, RestartResult } from '@holdfast/model/fleet';
import { type SystemdMachine, systemdOrSkip } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RestartAnswer, RestartCall } from '../testing/call-restart.ts';
import { makeSlowServer, type SlowServer } from '../testing/component-conformance.ts';

const systemd = await systemdOrSkip();
const checkout = join(import.meta.dirname, '..', '..', '..', '..');
const callRestart = join(import.meta.dirname, '..', 'testing', 'call-restart.ts');

describe.skipIf(systemd.skip)('the kubelet of a machine with a real systemd', () => {
  let machine: SystemdMachine;
  let kubelet: SlowServer;

  beforeAll(async () => {
    if (systemd.skip) throw new Error(systemd.why);
    machine = await systemd.start([checkout, dirname(process.execPath)]);
    const dir = join(machine.dir, 'kubelet');
    await mkdir(dir);
    kubelet = await makeSlowServer(dir, 'kubelet', 1_500, 'healthz-port');
    // As kubeadm's packages have it.
    await machine.addUnit(
      'kubelet.service',
      `[Service]\nExecStart=${kubelet.command.join(' ')}\nRestart=always\nStartLimitInterval=0\nRestartSec=1\n`,
    );
    // RKE2 installs both; this machine runs neither.
    await machine.addUnit('rke2-server.service', '[Service]\nExecStart=/bin/false\n');
  }, 60_000);
  afterAll(() => machine[Symbol.asyncDispose]());

  const call = async (asked: RestartCall = {}): Promise<RestartAnswer & { result?: RestartResult }> => {
    const { code, stdout, stderr } = await machine.run(process.execPath, [callRestart], {
      input: JSON.stringify(asked),
    });
    if (code !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as RestartAnswer & { result?: RestartResult };
  };
  const pid = async (): Promise<number> => {
    const { stdout } = await machine.run('systemctl', [
      'show',
      '--property=MainPID',
      '--value',
      'kubelet.service',
    ]);
    return Number(stdout);
  };
  const part: NodePart = 'kubelet.service';

  test('is not there before it was started, and no unit that is only installed is', async () => {
    expect(await call()).toMatchObject({ told: [], failure: { code: 'node-part-not-ready' } });
  });

  test('is restarted, and waited for until it is well by its own word', async () => {
    await machine.run('systemctl', ['start', part]);
    await expect
      .poll(async () => (await fetch(`${kubelet.url}/healthz`)).status, { timeout: 10_000 })
      .toBe(200);
    const before = await pid();
    const { result, told } = await call();
    const after = await pid();
    expect(after).not.toBe(before);
    expect(result).toMatchObject({ restarted: [{ part, pidBefore: before, pidAfter: after }], left: [] });
    expect(result!.restarted[0]!.tookMs).toBeGreaterThan(1_400);
    expect(result!.restarted[0]!.evidence).toContain('its kubelet answers that it is well');
    expect(told).toMatchObject([{ type: 'note', data: { part, before: { answered: true } } }]);
    expect(await call({ except: [part] })).toEqual({ told: [], result: { restarted: [], left: [part] } });
    expect(await pid()).toBe(after);
  });

  test('is restarted once, wherever the agent has died between', async () => {
    const before = await pid();
    const { told } = await call({ dies: true });
    expect(await pid()).toBe(before);
    const { result } = await call({ told });
    const after = await pid();
    expect(result!.restarted).toMatchObject([{ pidBefore: before, pidAfter: after }]);
    // It has died a second time, after the restart.
    expect((await call({ told })).result!.restarted).toMatchObject([{ pidBefore: before, pidAfter: after }]);
    expect(await pid()).toBe(after);
  });

  test('that does not come back is told of, with the end of its log', async () => {
    const mend = await kubelet.spoil();
    const { failure } = await call({ withinMs: 3_000 });
    expect(failure).toMatchObject({
      code: 'node-part-not-ready',
      why: expect.stringMatching(/^after \d.*: it was spoiled$/) as string,
    });
    await mend();
    // It had died too often to answer before: it is up for a while, or well again at once.
    expect((await call()).result!.restarted).toMatchObject([{ part }]);
  });
});
