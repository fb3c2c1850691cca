import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hostsOrSkip } from './require.ts';

const hosts = await hostsOrSkip();

test.skipIf(hosts.skip)(
  'machines reach each other and this process, see only themselves, and lose everything but their disk with the power',
  async () => {
    if (hosts.skip) return;
    await using lan = await hosts.start();
    const one = await lan.host('one', 11);
    const two = await lan.host('two', 12, { diskMiB: 8 });
    expect((await one.run(['hostname'])).stdout).toBe('one\n');
    expect((await two.run(['ip', '-4', '-o', 'address', 'show', 'eth0'])).stdout).toContain(two.address);
    const listed = (await one.run(['ps', '-e', '-o', 'comm='])).stdout.split('\n').map((each) => each.trim());
    expect(listed.filter(Boolean).toSorted()).toEqual(['ps', 'sh', 'sleep']);
    const answering = `require('node:http').createServer((_, r) => r.end(require('node:os').hostname())).listen(80)`;
    await two.start([process.execPath, '-e', answering], { logFile: join(lan.dir, 'two.log') });
    const patient = ['--retry', '50', '--retry-delay', '0', '--retry-connrefused', '--retry-max-time', '20'];
    expect((await one.run(['curl', '-s', ...patient, `http://${two.address}`])).stdout).toBe('two');

    const greeter = createServer((_, reply) => reply.end('here\n'));
    await new Promise<void>((resolve) => greeter.listen(0, lan.address, resolve));
    const { port } = greeter.address() as { port: number };
    const ask = ['curl', '-s', '--max-time', '2', `http://${lan.address}:${port}`] as const;
    expect((await two.run(ask)).stdout).toBe('here\n');
    await two.unplug();
    expect((await two.run(ask)).status).not.toBe(0);
    await two.plugIn();
    // Who was not found on the cable is asked for again after a second or two only.
    expect((await two.run([...ask, ...patient, '--retry-all-errors'])).stdout).toBe('here\n');
    greeter.close();

    writeFileSync(join(two.disk, 'kept'), 'by the disk');
    const logFile = join(lan.dir, 'sleep.log');
    const sleeper = await two.start(['sleep', '600'], { logFile });
    await two.powerOff();
    await sleeper.ended();
    expect(two.isOn).toBe(false);
    await two.powerOn();
    expect((await two.run(['cat', join(two.disk, 'kept')])).stdout).toBe('by the disk');
    expect((await two.run(ask)).status).not.toBe(0);
    const filling = ['dd', 'if=/dev/zero', `of=${join(two.disk, 'full')}`, 'bs=1M', 'count=9'] as const;
    expect((await two.run(filling)).stderr).toContain('No space left');
    expect(readFileSync(join(two.disk, 'kept'), 'utf8')).toBe('by the disk');
  },
);
