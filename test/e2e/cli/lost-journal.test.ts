import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { etcdOrSkip } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Lab } from '../restore/lab.ts';
import { expectNew, expectOld } from '../restore/outcome.ts';
import { killedBefore, runSnapshot } from '../restore/stopped-at.ts';

const page = readFileSync(join(import.meta.dirname, '../../../docs/restore.md'), 'utf8');

/** The commands of the page, for a member and the restore that holds it. */
function byHand(dataDir: string, id: string): string {
  const [, text = ''] = /### When the journal is lost\n.*?```sh\n(.*?)```/s.exec(page) ?? [];
  const [first, ...rest] = text.split('\n');
  expect(first).toMatch(/^D=\S+ ID=r-\S+/);
  return [`D=${dataDir} ID=${id}`, ...rest].join('\n');
}

describe.skipIf((await etcdOrSkip('3.6')).skip)('a restore whose journal is lost', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.make({ version: '3.6', members: 3 });
  });
  afterAll(async () => lab[Symbol.asyncDispose]());

  test.each(['fetch', 'stage', 'probe'] as const)(
    'before %s holds the data, and is taken back by hand as the page says',
    async (kind) => {
      const { plan } = await killedBefore(lab, kind);
      rmSync(lab.stateDir, { recursive: true });
      const refused = await lab.restore(runSnapshot(lab));
      expect([refused.status, refused.stderr]).toEqual([
        11,
        expect.stringContaining(`is held by restore ${plan.id}`),
      ]);
      expect(refused.stderr).toContain('docs/restore.md');

      await lab.kill(lab.members);
      for (const { dataDir } of lab.members) {
        const { status, stderr } = spawnSync('sh', ['-euc', byHand(dataDir, plan.id)], { encoding: 'utf8' });
        expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      }
      await lab.start();
      await expectOld(lab, lab.members, kind, { served: kind === 'probe' });
      for (const { dataDir } of lab.members)
        rmSync(join(dataDir, `member.undone-${plan.id}`), { recursive: true, force: true });
      const { status, stderr } = await lab.restore(runSnapshot(lab));
      expect(`${stderr} ${status}`).toMatch(/ 0$/);
      await expectNew(lab, lab.members, lab.content.atSnapshot, kind);
    },
  );
});
