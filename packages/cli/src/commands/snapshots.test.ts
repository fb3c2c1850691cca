import { rm } from 'node:fs/promises';
import type { Repository } from '@holdfast/repository';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeTestRepository, type TestRepository } from '../testing/repository.ts';
import { breakManifest, store } from '../testing/snapshots.ts';

let folder: string;
let repository: Repository;
let cli: TestRepository['cli'];

beforeEach(async () => {
  ({ folder, repository, cli } = await makeTestRepository());
});
afterEach(() => rm(folder, { recursive: true }));

describe('list', () => {
  test('newest first, with states in words', async () => {
    await store(repository, 'c', { hours: 30, evidence: 'failed' });
    await store(repository, 'b', { hours: 2, evidence: 'passed' });
    await store(repository, 'a-longer-name', { degraded: true });
    await cli('snapshot pin b');
    const { exit, stdout, stderr } = await cli('snapshot list');
    expect([exit, stderr]).toEqual([0, '']);
    expect(stdout).toMatchInlineSnapshot(`
      "NAME            CLUSTER   TAKEN     REVISION   SIZE   STATE
      a-longer-name   prod      4m ago    1000       24 B   stored, degraded
      b               prod      2h ago    998        12 B   verified, pinned
      c               prod      30h ago   970        12 B   damaged
      "
    `);
    expect((await cli('snapshot list -q')).stdout).toBe('a-longer-name\nb\nc\n');
    expect((await cli('snapshot list -o wide')).stdout).toMatchInlineSnapshot(`
      "NAME            CLUSTER   TAKEN     REVISION   SIZE   STATE              VERIFIED   STORED   TRUST      MEMBER   ETCD     SHA-256
      a-longer-name   prod      4m ago    1000       24 B   stored, degraded   -          24 B     unsigned   m1       3.5.35   b6992077a2a9ed6bb30ed6ae527df79eafba8866b0bc297fafdd776976d689bf
      b               prod      2h ago    998        12 B   verified, pinned   2h ago     12 B     unsigned   m1       3.5.35   5de76c5ae436d8e19ed10e855a11288f8378fb22a26cd1cd9224bc1c9ac59d27
      c               prod      30h ago   970        12 B   damaged            -          12 B     unsigned   m1       3.5.35   0a50f82dd2841a1b09d3944053e4877d9492305f17086f6869f08234d1f6ea68
      "
    `);
  });

  test('JSON has version, kind, RFC 3339 and bytes as integers', async () => {
    await store(repository, 'b', { evidence: 'passed' });
    const { stdout } = await cli('snapshot list --json');
    expect(JSON.parse(stdout)).toMatchInlineSnapshot(`
      {
        "apiVersion": "holdfast.dev/v1",
        "items": [
          {
            "cluster": "prod",
            "clusterId": "baf42c91-2697-80cd-a069-c5e189c5b735",
            "etcd": "3.5.35",
            "member": "m1",
            "name": "b",
            "path": "REPO/clusters/baf42c91-2697-80cd-a069-c5e189c5b735/snapshots/b/snapshot.db",
            "pinned": false,
            "pinnedUntil": null,
            "quorum": "healthy",
            "revision": 1000,
            "sha256": "5de76c5ae436d8e19ed10e855a11288f8378fb22a26cd1cd9224bc1c9ac59d27",
            "size": 12,
            "state": "verified",
            "storedSize": 12,
            "takenAt": "2026-11-20T09:10:07.000Z",
            "trust": {
              "by": [],
              "trusted": true,
              "why": "not proven: it has no signature; the policy takes any manifest",
            },
            "unwantedSince": null,
            "verifiedAt": "2026-11-20T09:10:07.000Z",
          },
        ],
        "kind": "SnapshotList",
        "unreadable": [],
      }
    `);
    const yaml = (await cli('snapshot list -o yaml')).stdout;
    expect((await import('yaml')).parse(yaml)).toEqual(JSON.parse(stdout));
  });

  test('nothing yet is said in words, and by no names', async () => {
    expect((await cli('snapshot list')).stdout).toMatchInlineSnapshot(`
      "No snapshots yet. \`holdfast snapshot save\` makes the first.
      "
    `);
    expect((await cli('snapshot list -q')).stdout).toBe('');
  });

  test('what cannot be read is named, and exit 3 says that the list is not whole', async () => {
    await store(repository, 'a');
    await store(repository, 'b');
    const { path } = await repository.snapshot('b');
    await breakManifest(path);
    const machine = (await cli('snapshot list -o json')).stderr.trimEnd().split('\n');
    expect(machine.map((line) => Object.keys(JSON.parse(line) as object)[0])).toEqual(['warning', 'code']);
    const { exit, stdout, stderr } = await cli('snapshot list -q');
    expect([exit, stdout]).toEqual([3, 'a\n']);
    expect(stderr).toContain('warning: REPO/clusters/');
    expect(stderr).toContain('error: not everything in REPO can be read');
  });
});

describe('selectors', () => {
  beforeEach(async () => {
    await store(repository, 'old', { hours: 2 });
    await store(repository, 'new');
  });

  test.each([
    ['latest', 'new'],
    ['latest~0', 'new'],
    ['latest~1', 'old'],
    ['old', 'old'],
  ])('%s is %s', async (selector, name) => {
    expect((await cli(`snapshot show ${selector} -q`)).stdout).toBe(`${name}\n`);
  });

  test.each(['latest~2', 'ne', 'latest~x'])('"%s" is nothing', async (selector) => {
    const { exit, stderr } = await cli(`snapshot show ${selector}`);
    expect([exit, /no snapshot named/.test(stderr)]).toEqual([1, true]);
  });

  test('what another system made is not the latest beside what Holdfast saved, and it says so', async () => {
    await store(repository, 'theirs', { hours: -1, imported: true });
    const { stdout, stderr } = await cli('snapshot show latest -o name');
    expect(stdout).toBe('new\n');
    expect(stderr).toContain('theirs is passed over: another system made it');
    for (const name of ['new', 'old']) await cli(`snapshot delete ${name} --yes --force-last`);
    expect((await cli('snapshot show latest -q')).stdout).toBe('theirs\n');
  });

  test('latest of several clusters asks which', async () => {
    await store(repository, 'other', { cluster: 'test' });
    expect((await cli('snapshot show latest -o json')).stderr).toContain('"code":"cluster-ambiguous"');
    expect((await cli('snapshot show latest -q --cluster test')).stdout).toBe('other\n');
  });

  test('what destroys takes exact names only', async () => {
    expect((await cli('snapshot delete latest --yes')).exit).toBe(1);
  });
});

describe('show', () => {
  test('prints origin, figures and evidence', async () => {
    await store(repository, 'b', { evidence: 'passed' });
    expect((await cli('snapshot show b --utc')).stdout).toMatchInlineSnapshot(`
      "name      b
      state     verified
      cluster   prod (baf42c91-2697-80cd-a069-c5e189c5b735)
      taken     2026-11-20 09:10:07 Z, 4m ago
      file      REPO/clusters/baf42c91-2697-80cd-a069-c5e189c5b735/snapshots/b/snapshot.db
      size      12 B (12 bytes)
      sha256    5de76c5ae436d8e19ed10e855a11288f8378fb22a26cd1cd9224bc1c9ac59d27

      From etcd 3.5.35
        member     m1 (8e9e05c52164694d), follower, at http://10.0.0.1:2379
        chosen     a follower
        quorum     healthy
        revision   1000, compacted at 500
        hashkv     123456 at revision 1000, compacted at 500

      Stored
        snapshot.db   plain, 12 B
        signed        not proven: it has no signature; the policy takes any manifest

      Companions: none were kept, so a restore needs keys and certificates from elsewhere

      Snapshot status
        hash         deadbeef
        revision     1000
        total keys   321
        total size   20.0 KiB (20480 bytes)

      Verification: passed at 2026-11-20 09:10:07 Z in 1.2s: every check passed: this snapshot is verified
        CHECK    RESULT   FOUND
        sha256   ok       equals the manifest
        tree     ok       12 pages
      "
    `);
  });

  test('without evidence it says how to get some', async () => {
    await store(repository, 'b');
    const { stdout } = await cli('snapshot show b');
    expect(stdout).toContain('Never verified; run: holdfast snapshot verify b --repo REPO --cluster prod\n');
    expect(JSON.parse((await cli('snapshot show b -o json')).stdout)).toMatchObject({
      status: null,
      evidence: [],
    });
  });
});

describe('delete', () => {
  beforeEach(async () => {
    await store(repository, 'old', { hours: 2 });
    await store(repository, 'proven', { evidence: 'passed' });
  });

  test('without a terminal and without --yes nothing is done', async () => {
    const { exit, stdout, stderr } = await cli('snapshot delete old');
    expect([exit, stdout]).toEqual([20, '']);
    expect(stderr).toContain('--yes was not given');
    expect((await cli('snapshot list -q')).stdout).toBe('proven\nold\n');
  });

  test('--dry-run says the same and does nothing', async () => {
    const { exit, stdout } = await cli('snapshot delete old --dry-run');
    expect(exit).toBe(0);
    expect(stdout).toMatchInlineSnapshot(`
      "Would delete snapshot old of cluster prod: 14 B, stored, taken 2h ago
      "
    `);
    expect((await cli('snapshot delete old --yes')).stdout).toBe(stdout.replace('Would delete', 'Deleted'));
    expect((await cli('snapshot list -q')).stdout).toBe('proven\n');
  });

  test('on a terminal the name has to be typed', async () => {
    const wrong = await cli('snapshot delete old', { isTTY: true, typed: 'yes' });
    expect([wrong.exit, wrong.stderr.split('\n')[1]]).toEqual([
      20,
      expect.stringContaining('Type old to go on: '),
    ]);
    expect((await cli('snapshot delete old', { isTTY: true, typed: 'old' })).exit).toBe(0);
  });

  test('the last proven one and a pinned one are refused', async () => {
    expect((await cli('snapshot delete proven --yes')).exit).toBe(14);
    await cli('snapshot pin old --reason audit');
    const { exit, stderr } = await cli('snapshot delete old --yes');
    expect(exit).toBe(14);
    expect(stderr).toMatchInlineSnapshot(`
      "error: snapshot old is pinned
        why:  audit
        next: Run \`holdfast snapshot unpin old\` first, if it may really go. (docs/reference/errors.md#snapshot-pinned)
      "
    `);
    expect((await cli('snapshot unpin old')).stdout).toBe('old is not pinned\n');
    expect((await cli('snapshot delete old --yes')).exit).toBe(0);
    expect((await cli('snapshot delete proven --yes --force-last')).exit).toBe(0);
  });

  test('what a lost manifest left can be removed by its name', async () => {
    const { path } = await repository.snapshot('old');
    await breakManifest(path);
    expect((await cli('snapshot delete old --yes')).stdout).toContain('Deleted what is left of old');
  });
});

describe('pin', () => {
  test.each([
    ['too long', 'x'.repeat(1001)],
    ['of two lines', 'a\nb'],
    ['able to paint the screen', '\u001b[2J'],
  ])('a reason that is %s is refused and nothing is pinned', async (_, reason) => {
    await store(repository, 'b');
    const { exit, stderr } = await cli(`snapshot pin b --reason ${reason}`);
    expect([exit, stderr.split('\n')[1]]).toEqual([
      2,
      '  why:  --reason must be one line of at most 1000 characters',
    ]);
    expect((await repository.snapshot('b')).pin).toBeNull();
  });

  test('no reason is a reason too', async () => {
    await store(repository, 'b');
    expect((await cli('snapshot pin b')).stdout).toBe('b is pinned\n');
  });
});

test('export writes the bytes, and never over others', async () => {
  await store(repository, 'b');
  const { exit, stdout } = await cli(`snapshot export b --to ${folder}/b.db`);
  expect(exit).toBe(0);
  expect(stdout).toMatchInlineSnapshot(`
    "b is at REPO/b.db: 12 B, sha256 5de76c5ae436d8e19ed10e855a11288f8378fb22a26cd1cd9224bc1c9ac59d27
    "
  `);
  const again = await cli(`snapshot export b --to ${folder}/b.db -o json`);
  expect([again.exit, JSON.parse(again.stderr).code]).toEqual([14, 'file-exists']);
});

describe('status', () => {
  test('all is well: exit 0', async () => {
    await store(repository, 'b', { evidence: 'passed' });
    const { exit, stdout, stderr } = await cli('status');
    expect([exit, stderr]).toEqual([0, '']);
    expect(stdout).toMatchInlineSnapshot(`
      "CLUSTER   STATE   LAST SNAPSHOT   VERIFIED   SNAPSHOTS   SIZE
      prod      ok      4m ago          4m ago     1           12 B
      "
    `);
  });

  test('what needs attention is named with the command that mends it: exit 3', async () => {
    await store(repository, 'a', { hours: 5, evidence: 'passed' });
    await store(repository, 'b');
    await store(repository, 'c', { cluster: 'test', evidence: 'failed' });
    const { exit, stdout } = await cli('status');
    expect(exit).toBe(3);
    expect(stdout).toMatchInlineSnapshot(`
      "CLUSTER   STATE       LAST SNAPSHOT   VERIFIED   SNAPSHOTS   SIZE
      prod      attention   4m ago          5h ago     2           24 B
      test      attention   4m ago          -          1           12 B
        ! prod: the newest snapshot, b, is not verified
          run: holdfast snapshot verify b --repo REPO --cluster prod
        ! test: no snapshot is verified
        ! test: the newest snapshot, c, is damaged
          run: holdfast snapshot save --repo REPO --cluster test
      "
    `);
    expect(JSON.parse((await cli('status --json')).stdout)).toMatchObject({ kind: 'RepositoryStatus' });
  });

  test('what could not be proven is not sent to be verified again', async () => {
    await store(repository, 'b', { evidence: 'incomplete' });
    expect((await cli('status')).stdout).toContain(
      'run: holdfast snapshot save --repo REPO --cluster prod\n',
    );
  });

  test('of records that cannot be read doctor says what to do', async () => {
    for (const name of ['a', 'b']) await store(repository, name, { evidence: 'passed' });
    const { path } = await repository.snapshot('a');
    await breakManifest(path);
    expect((await cli('status')).stdout).toContain('run: holdfast doctor --repo REPO --cluster prod\n');
  });

  test('an empty repository is no safety', async () => {
    expect((await cli('status')).exit).toBe(3);
  });
});

describe('one that is known to be damaged', () => {
  const member =
    '--name m1 --initial-cluster m1=https://10.0.0.1:2380 --initial-advertise-peer-urls https://10.0.0.1:2380';
  beforeEach(async () => {
    await store(repository, 'sound', { hours: 2, evidence: 'passed' });
    await store(repository, 'broken', { evidence: 'failed' });
  });

  test('is not restored, whether its hash is asked for or not', async () => {
    const restore = `restore datadir --snapshot broken --data-dir ${folder}/data ${member} -o json`;
    for (const flag of ['', ' --skip-hash-check']) {
      const { exit, stderr } = await cli(restore + flag);
      expect([exit, JSON.parse(stderr)]).toMatchObject([
        4,
        { code: 'snapshot-damaged', why: 'its newest verification failed' },
      ]);
    }
  });

  test('is not what latest means for a restore, and it says so', async () => {
    const { stderr } = await cli(`restore datadir --snapshot latest --data-dir ${folder}/data ${member}`);
    expect(stderr).toContain(
      'warning: broken is passed over: it is damaged: its newest verification failed\n',
    );
    expect(stderr).toContain('snapshot sound is damaged');
    expect(
      (await cli(`restore datadir --snapshot latest~1 --data-dir ${folder}/data ${member}`)).stderr,
    ).toContain('the repository holds only 1 undamaged');
    expect((await cli('snapshot show latest -q')).stdout).toBe('broken\n');
  });

  test('is exported with a warning: it may be wanted as evidence', async () => {
    for (const form of ['--to', '--sealed --to']) {
      const { exit, stderr } = await cli(`snapshot export latest ${form} ${folder}/${form.length}`);
      expect(exit).toBe(0);
      expect(stderr).toContain(
        'warning: broken is damaged, and not to be restored from: its newest verification failed\n',
      );
    }
    expect((await cli(`snapshot export sound --to ${folder}/s`)).stderr).not.toContain('warning');
  });
});
