import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type SystemdMachine, systemdOrSkip } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const systemd = await systemdOrSkip();
const checkout = join(import.meta.dirname, '..', '..', '..', '..', '..');
const program = new URL('./testing/small-daemon.ts', import.meta.url).pathname;
const unitFile = join(checkout, 'deploy/systemd/holdfast-agent.service');
const unit = 'holdfast-agent.service';

/**
 * The delivered unit around the small daemon, with all its hardening. The machine of the tests may not make
 * device files, its own folder lies in /tmp, and the checkout may lie in a home.
 */
async function unitOf(folder: string): Promise<string> {
  const own = /^(EnvironmentFile|ExecStart|WatchdogSec|RestartSec|PrivateDevices|PrivateTmp|ProtectHome)=/;
  const lines = (await readFile(unitFile, 'utf8')).split('\n').filter((line) => !own.test(line));
  const at = lines.indexOf('[Service]') + 1;
  lines.splice(
    at,
    0,
    `ExecStart=${process.execPath} ${program} ${folder}`,
    'WatchdogSec=3',
    'RestartSec=1',
    `ReadWritePaths=${folder}`,
  );
  return lines.join('\n');
}

describe.skipIf(systemd.skip)('under a real systemd', () => {
  let machine: SystemdMachine;
  let folder: string;
  beforeAll(async () => {
    if (systemd.skip) throw new Error(systemd.why);
    machine = await systemd.start([checkout, dirname(process.execPath)]);
    folder = join(machine.dir, 'daemon');
    await mkdir(folder);
    await machine.addUnit(unit, await unitOf(folder));
  });
  afterAll(async () => machine?.[Symbol.asyncDispose]());

  const run = async (...args: string[]): Promise<string> => {
    const { stdout, stderr, code } = await machine.run('systemctl', args);
    return code === 0 ? stdout.trim() : `${code}: ${stdout}${stderr}`;
  };
  const property = async (name: string): Promise<string> =>
    run('show', '--value', `--property=${name}`, unit);
  const begun = async (): Promise<string[]> =>
    (await readFile(join(folder, 'log'), 'utf8')).split('\n').filter((line) => line.startsWith('begun'));

  test('the unit is ready when the daemon says so, and its status says what it does', async () => {
    expect(await run('start', unit)).toBe('');
    expect(await property('ActiveState')).toBe('active');
    await expect.poll(() => property('StatusText')).toBe('1 policy');
  });

  test('a turning loop keeps the watchdog quiet', async () => {
    const fed = Number(await property('WatchdogTimestampMonotonic'));
    await expect
      .poll(async () => Number(await property('WatchdogTimestampMonotonic')) - fed, { timeout: 30_000 })
      .toBeGreaterThan(4_000_000);
    expect(await property('NRestarts')).toBe('0');
    expect(await begun()).toHaveLength(1);
  });

  test('systemctl reload reaches the daemon, and the status says what came of it', async () => {
    await writeFile(join(folder, 'refused'), 'line 3');
    expect(await run('reload', unit)).toBe('');
    await expect.poll(() => property('StatusText')).toBe('1 policy; the policy file is refused');
    expect(await property('ActiveState')).toBe('active');
  });

  test('a daemon whose loop hangs is killed and started again', async () => {
    await writeFile(join(folder, 'hang'), '');
    await expect.poll(() => property('Result'), { timeout: 30_000, interval: 50 }).toBe('watchdog');
    await rm(join(folder, 'hang'));
    await expect.poll(() => property('NRestarts'), { timeout: 30_000 }).toBe('1');
    await expect.poll(() => property('ActiveState'), { timeout: 30_000 }).toBe('active');
    expect(await begun()).toHaveLength(2);
  });

  test('a stop lets it end in peace', async () => {
    expect(await run('stop', unit)).toBe('');
    expect((await readFile(join(folder, 'log'), 'utf8')).trim().split('\n').at(-1)).toBe('ended');
    expect(await property('Result')).toBe('success');
  });

  test('the delivered unit exposes little', async () => {
    const { stdout } = await machine.run('systemd-analyze', ['security', '--offline=true', unitFile]);
    const [, exposure] = /Overall exposure level for \S+: ([\d.]+)/.exec(stdout) ?? [];
    expect(Number(exposure)).toBeLessThanOrEqual(2.5);
  });
});
