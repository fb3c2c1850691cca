import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@holdfast/base';
import { expect, test } from 'vitest';
import { etcdHost } from '../host/driver.ts';
import { makeSlowServer } from '../testing/component-conformance.ts';
import { testContext, testMember, testPlan, TestRestore } from './test-restore.ts';

test('an etcd that ran without serving, and cannot run any more, does not hold up the way back', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-stop-'));
  // Seen in the middle of dying again and again, it runs and holds nothing.
  const { command, spoil } = await makeSlowServer(dir, 'etcd', 0);
  const dataDir = join(dir, 'data');
  const member = testMember(dir, {
    dataDir,
    run: {
      driver: 'process',
      command: [...command, `--data-dir=${dataDir}`],
      environment: {},
      logFile: join(dir, 'log'),
    },
  });
  const { driver } = etcdHost(member, systemClock);
  try {
    await driver.start(testContext.signal);
    const restore = new TestRestore(testPlan([member], process.execPath), member);
    expect(await restore.perform(['lock'])).toMatchObject({ wasRunning: true, served: false });
    await restore.perform(['stop']);
    const mend = await spoil();
    expect(await restore.undo(['stop'])).toMatchObject({
      started: false,
      warning: expect.stringMatching(/^m1 did not serve before the restore.*it was spoiled/) as string,
    });
    await restore.undo(['lock']);
    await mend();
  } finally {
    await driver.stop(testContext.signal);
    await rm(dir, { recursive: true });
  }
});
