import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  etcdBinaries,
  etcdOrSkip,
  faultProxy,
  s3OrSkip,
  s3Server,
  startCluster,
} from '@holdfast/test-servers';
import { expect, test } from 'vitest';
import { NodeLab } from './node-lab.ts';
import { SimulatedClock, type Happening } from './simulated-clock.ts';

const hour = 3_600_000;
const skips = [await etcdOrSkip('3.6'), await s3OrSkip('minio')];
const isSkipped = skips.some(({ skip }) => skip) || process.getuid?.() !== 0;

const policies = (small: string): string => `
apiVersion: holdfast.dev/v1
kind: Policies
policies:
  - name: main
    schedule: { cron: '0 */5 * * *' }
    targets:
      - repository: local
      - repository: s3
    retention: { last: 100 }
    check: { cron: '30 3 * * *' }
    drill: { cron: '40 4 * * *' }
    rpo: 11h
  - name: disk
    schedule: { intervalHours: 6 }
    targets:
      - repository: ${small}
    retention: { last: 2 }
`;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes in use, of the heap and of buffers, and of the whole process, once all that is garbage is gone. */
function memory(): { readonly used: number; readonly rss: number } {
  collectGarbage();
  collectGarbage();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { used: heapUsed + external, rss };
}

test.skipIf(isSkipped)(
  'three days with everything that goes wrong: no run is lost or doubled, each alert is told once, memory stays flat',
  async () => {
    await using s3 = await s3Server('minio');
    await s3.makeBucket('backups');
    await using proxy = await faultProxy({ upstream: s3.endpoint, ca: s3.ca });
    await using cluster = await startCluster({ version: '3.6' });
    for (let i = 0; i < 20; i++) await cluster.gateway().put(`/a/${i}`, 'x'.repeat(1000));
    const base = mkdtempSync(join(tmpdir(), 'holdfast-days-'));
    const small = mkdtempSync(join(tmpdir(), 'holdfast-small-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=80m', 'tmpfs', small]);
    const stop = new AbortController();
    const memories: ReturnType<typeof memory>[] = [];
    let away: { remove(): void } | undefined;
    const happenings = [
      at(9.5, () => {
        away = proxy.add({ times: Infinity, fault: { kind: 'cut-request', afterBytes: 0 } });
      }),
      ...[24, 48].map((hours) => at(hours, () => void memories.push(memory()))),
      at(29.5, () => away?.remove()),
      at(38, () => cluster.kill(0)),
      at(41, () => cluster.start(0)),
      at(43.5, () => {
        lab.killAtSave = true;
      }),
      at(47, () => writeFileSync(join(small, 'hog'), Buffer.alloc(hogBytes(small)))),
      at(50, () => rmSync(join(small, 'hog'))),
      at(51, () => lab.setCredentials('expired'.repeat(5))),
      at(57, () => lab.setCredentials(s3.secretKey)),
      at(60, () =>
        writeFileSync(lab.policyFile, 'apiVersion: holdfast.dev/v1\nkind: Policies\npolicies: 7\n'),
      ),
      at(61, () => writeFileSync(lab.policyFile, policies('small'))),
      at(62, () => clock.set(3 * hour)),
      at(66.2, () => clock.set(-3 * hour)),
      at(74, () => {
        memories.push(memory());
        stop.abort(new Error('SIGTERM'));
      }),
    ];
    const clock = new SimulatedClock('2026-11-20T00:00:30Z', happenings);
    const folders = { local: join(base, 'local'), small: join(small, 'repository') };
    const etcdProgram = (await etcdBinaries('3.6')).etcd;
    const parts = { endpoints: cluster.endpoints, s3, proxy, etcdProgram, clock, folders };
    await using lab = new NodeLab(parts);
    try {
      await lab.listen();
      await lab.open('s3', true);
      writeFileSync(lab.policyFile, policies('small'));
      expect(await lab.run(stop.signal)).toBe('killed');
      expect(await lab.run(stop.signal)).toBe('ended');
      await expectAllKept(lab);
      // An etcd that is away until two hours after a time delays one save, by a quarter of an hour more at most; nothing else does.
      expect(longestGap(lab, 'main')).toBeLessThan(7.3);
      // Its interval is one of the wall clock, which was set back by three hours in the middle of it.
      expect(longestGap(lab, 'disk')).toBeLessThan(9.2);
      expect(lab.told.toSorted()).toEqual([...alerts('firing'), ...alerts('resolved')].toSorted());
      const [first, , last] = memories;
      expect(last!.used - first!.used).toBeLessThan(16 * 2 ** 20);
      // The allocator keeps what saves had: it grows ever less, by far more than the daemon itself.
      expect(last!.rss - first!.rss).toBeLessThan(320 * 2 ** 20);
    } finally {
      execFileSync('umount', [small]);
      rmdirSync(small);
      rmSync(base, { recursive: true, force: true });
    }
  },
  600_000,
);

function at(hours: number, act: Happening['act']): Happening {
  return { atMs: hours * hour, act };
}

/** Hours of the wall clock, as day and hour, in which the snapshots of `main` were begun. */
const begun = [
  ...['20T05', '20T10', '20T15', '20T20', '21T00', '21T05', '21T10'],
  // etcd was away from 14:00 to 17:00.
  ...['21T17', '21T20', '22T00', '22T05', '22T10'],
  // The clock was set from 14:00 to 17:00, and from 21:12 back to 18:12.
  ...['22T17', '22T20', '22T18', '22T20', '23T00'],
];

/** No run is lost or doubled, in either repository; nothing unfinished is left in any. */
async function expectAllKept(lab: NodeLab): Promise<void> {
  for (const name of ['local', 's3', 'small']) {
    const { snapshots, unfinished, damaged } = await (await lab.open(name, false)).snapshots();
    expect({ name, unfinished, damaged }).toEqual({ name, unfinished: [], damaged: [] });
    expect(snapshots.every(({ manifest }) => manifest.trigger === 'schedule')).toBe(true);
    if (name === 'small') {
      expect(snapshots.length).toBeLessThan(8);
      continue;
    }
    expect(snapshots.map(({ manifest }) => manifest.policy)).toEqual(begun.map(() => 'main'));
    const hours = snapshots.map(({ manifest }) => manifest.times.startedAt.slice(8, 13));
    expect(hours.toSorted()).toEqual(begun.toSorted());
  }
  const own = lab.events.filter(
    ({ event, fields, text }) =>
      event === 'run-begun' && fields?.['job'] === 'save' && fields['policy'] === 'main' && !isAgain(text),
  );
  const times = own.map(({ fields }) => fields?.['scheduledFor']);
  expect(new Set(times).size).toBe(begun.length);
  expect(times).toHaveLength(begun.length);
}

function isAgain(text: string): boolean {
  return text.includes('tried again') || text.includes('has not ended');
}

/** Between two saves that went well, in hours that have passed. */
function longestGap(lab: NodeLab, policy: string): number {
  const times = lab.saved.filter((each) => each.policy === policy).map(({ atMs }) => atMs / hour);
  return Math.max(...times.map((time, n) => time - (times[n - 1] ?? 0)));
}

/** What the receiver is told of each outage, once when it begins and once when it ends. */
function alerts(status: 'firing' | 'resolved'): string[] {
  const bucketAway = ['prune-failed main', 'copy-missing main s3', 'check-failed main'];
  const told = [
    ...[...bucketAway, 'not-verified main s3', 'queue-old'],
    ...['save-failed main', 'save-failed disk'],
    // The credentials that have expired.
    ...bucketAway,
    ...['configuration-refused', 'clock-set-back'],
  ];
  return told.map((each) => `${status} ${each}`);
}

/** All that is free there but for a little. */
function hogBytes(folder: string): number {
  const [, free = ''] = execFileSync('df', ['--output=avail', '-B1', folder], { encoding: 'utf8' }).split(
    '\n',
  );
  return Number(free) - 4096;
}
