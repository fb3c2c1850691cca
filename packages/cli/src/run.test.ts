import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '@holdfast/base';
import { openRepository, type Repository } from '@holdfast/repository';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { holdfast, stillClock, type TestIo } from './testing/io.ts';
import { store } from './testing/snapshots.ts';

let folder: string;
let repository: Repository;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-cli-'));
  let ids = 0;
  const uuid = (): string => `00000000-0000-4000-8000-${String((ids += 1)).padStart(12, '0')}`;
  repository = await openRepository(folder, { create: true, clock: stillClock, uuid });
});
afterEach(() => rm(folder, { recursive: true }));

/** Runs a command line on the repository; its path is written as REPO. */
async function cli(args: string, io: TestIo = {}) {
  const ran = await holdfast(args.split(' '), { env: { HOLDFAST_REPO: folder }, ...io });
  const plain = (text: string): string => text.replaceAll(folder, 'REPO');
  return { exit: ran.exit, stdout: plain(ran.stdout), stderr: plain(ran.stderr) };
}

describe('help', () => {
  test('the program without a word shows its help and succeeds', async () => {
    const { exit, stdout, stderr } = await holdfast([]);
    expect([exit, stderr]).toEqual([0, '']);
    expect(stdout).toMatchInlineSnapshot(`
      "Brings a Kubernetes cluster's etcd back: snapshots that are proven restorable, and restores that
      cannot make things worse.

      Examples:
        # Save a cluster
        holdfast snapshot save --endpoints https://10.0.0.1:2379 --repo /backup \\
            --cacert ca.crt --cert client.crt --key client.key
        # Can I get back, and to when?
        holdfast status --repo /backup
        # Build a member from the newest snapshot
        holdfast restore datadir --snapshot latest --repo /backup --data-dir /var/lib/etcd \\
            --name m1 --initial-cluster m1=https://10.0.0.1:2380 \\
            --initial-advertise-peer-urls https://10.0.0.1:2380

      Usage:
        holdfast <command> [options]

      Options:
        -o, --output <format>  form of the answer: table, wide, json, yaml or name (HOLDFAST_OUTPUT)
        --json                 the same as --output json
        -q, --quiet            print only the answer, and only its names unless --output says otherwise
        -v, --verbose          say on stderr where each setting came from
        --debug                add stacks to failures
        --no-color             no colours (as with NO_COLOR)
        --utc                  print times in UTC instead of the local zone (HOLDFAST_UTC)
        --config <file>        configuration file instead of the one in the home folder (HOLDFAST_CONFIG)
        -h, --help             show this help

      Backup:
        snapshot               Save, prove and keep snapshots of etcd.
        status                 Can I get back, and to when? One line per cluster of the repository.

      Restore:
        restore                Bring a cluster back from a snapshot.

      Help:
        doctor                 Find out why a save or a restore would fail: repository, endpoints, TLS,
                               login, quorum, space.
        config                 Show the configuration.
        completion <shell>     Print the script that lets a shell complete commands, options and snapshot
                               names.
        version                Show the version of Holdfast and of what it runs on.
        help [command]         Show the help of a command.
      "
    `);
  });

  test('a command shows its examples first', async () => {
    const { exit, stdout } = await holdfast(['snapshot', 'delete', '--help']);
    expect(exit).toBe(0);
    expect(stdout).toMatchInlineSnapshot(`
      "Delete a snapshot. Pinned ones and the newest verified one of a cluster are refused.

      Examples:
        # With a question
        holdfast snapshot delete test-1 --repo /backup
        # In a script
        holdfast snapshot delete test-1 --repo /backup --yes

      Usage:
        holdfast snapshot delete <snapshot> [options]

      Arguments:
        snapshot               its exact name

      Options:
        --yes                  do not ask; for scripts
        --dry-run              say what would go, and do nothing
        --force-last           even the newest verified one, after which nothing proven is left
        --repo <dir>           folder of the repository (HOLDFAST_REPO)
        --cluster <name>       name of the cluster in the repository; needed when it holds several
                               (HOLDFAST_CLUSTER)
        -h, --help             show this help

      Global options:
        -o, --output <format>  form of the answer: table, wide, json, yaml or name (HOLDFAST_OUTPUT)
        --json                 the same as --output json
        -q, --quiet            print only the answer, and only its names unless --output says otherwise
        -v, --verbose          say on stderr where each setting came from
        --debug                add stacks to failures
        --no-color             no colours (as with NO_COLOR)
        --utc                  print times in UTC instead of the local zone (HOLDFAST_UTC)
        --config <file>        configuration file instead of the one in the home folder (HOLDFAST_CONFIG)
      "
    `);
  });

  test('--help wins over what is wrong with the rest', async () => {
    expect((await holdfast(['snapshot', 'show', '--help'])).exit).toBe(0);
  });
});

describe('a wrong command line', () => {
  test.each([
    ['snapshot', '`holdfast snapshot` needs one of: save, list, show'],
    ['snapshott', "unknown command 'snapshott' (did you mean snapshot?)"],
    ['snapshot lst', "unknown command 'lst' (did you mean list?)"],
    ['snapshot list --ouput json', "unknown option '--ouput' (did you mean --output?)"],
    ['snapshot show', "missing required argument 'snapshot'"],
    ['snapshot show a b', 'too many arguments'],
    ['snapshot list -o jsn', 'Allowed choices are table, wide, json, yaml, name.'],
    ['snapshot export a', "required option '--to <file>' not specified"],
    [
      'restore datadir --snapshot a --file b --data-dir d --name m --initial-cluster c --initial-advertise-peer-urls u',
      '--snapshot <snapshot>',
    ],
    ['snapshot restore f --bump-revision -1', 'It must be a whole number from 0 on.'],
  ])('%s', async (args, why) => {
    const { exit, stdout, stderr } = await cli(args);
    expect([exit, stdout]).toEqual([2, '']);
    const lines = stderr.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[1]).toContain(why);
    expect(lines[2]).toContain('(docs/reference/errors.md#usage)');
  });

  test('under -o json the failure is one object on stderr', async () => {
    const { exit, stderr } = await cli('snapshot list --bogus -o json');
    expect(JSON.parse(stderr)).toEqual({
      code: 'usage',
      message: 'the command line is not valid',
      why: "unknown option '--bogus'",
      hint: 'Run the same command with --help.',
      details: {},
      exitCode: exit,
    });
  });

  test('a setting that is missing names every way to give it', async () => {
    const { exit, stderr } = await holdfast(['snapshot', 'list']);
    expect(exit).toBe(2);
    expect(stderr).toMatchInlineSnapshot(`
      "error: the command line is not valid
        why:  --repo is missing (or HOLDFAST_REPO, or \`repository:\` in the configuration file)
        next: Run the same command with --help. (docs/reference/errors.md#usage)
      "
    `);
  });
});

describe('secrets', () => {
  test.each([
    'snapshot save --endpoints http://h:1 --user root:hunter2',
    'snapshot save --endpoints http://h:1 --user=root:hunter2',
    'snapshot save --password hunter2',
    'snapshot save --password=hunter2',
    'snapshot save --user root --passwordfile=hunter2',
    'snapshot save --endpoints http://root:hunter2@h:1',
    'doctor --endpoints http://root:hunter2@h:1 --debug',
    'doctor --endpoints http://root:hunter2@h:1 --verbose -o json',
  ])('%s is refused and not repeated', async (args) => {
    const { exit, stdout, stderr } = await cli(args);
    expect(exit).toBeGreaterThan(0);
    expect(stdout + stderr).not.toContain('hunter2');
  });

  test('config view tells that there is one, and no more', async () => {
    const env = {
      HOLDFAST_USER: 'root',
      HOLDFAST_PASSWORD: 'hunter2',
      HOLDFAST_ENDPOINTS: 'http://root:hunter2@h:1',
    };
    for (const form of ['table', 'json', 'yaml', 'name']) {
      const { exit, stdout } = await holdfast(['config', 'view', '--origin', '-o', form], { env });
      expect([exit, stdout.includes('hunter2'), stdout.includes('password')]).toEqual([0, false, true]);
    }
  });
});

test('config view --origin says where each value came from', async () => {
  const env = { HOLDFAST_REPO: '/backup', ETCDCTL_ENDPOINTS: 'a:1,b:2' };
  const { stdout } = await holdfast(['config', 'view', '--origin', '--utc'], { env });
  expect(stdout).toMatchInlineSnapshot(`
    "SETTING        VALUE     ORIGIN
    repo           /backup   HOLDFAST_REPO
    cluster        -         not set
    endpoints      a:1,b:2   ETCDCTL_ENDPOINTS
    cacert         -         not set
    cert           -         not set
    key            -         not set
    user           -         not set
    passwordFile   -         not set
    password       -         not set
    output         table     default
    utc            true      --utc
    "
  `);
});

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
      "NAME            CLUSTER   TAKEN     REVISION   SIZE   STATE              VERIFIED   MEMBER   ETCD     SHA-256
      a-longer-name   prod      4m ago    1000       24 B   stored, degraded   -          m1       3.5.35   b6992077a2a9ed6bb30ed6ae527df79eafba8866b0bc297fafdd776976d689bf
      b               prod      2h ago    998        12 B   verified, pinned   2h ago     m1       3.5.35   5de76c5ae436d8e19ed10e855a11288f8378fb22a26cd1cd9224bc1c9ac59d27
      c               prod      30h ago   970        12 B   damaged            -          m1       3.5.35   0a50f82dd2841a1b09d3944053e4877d9492305f17086f6869f08234d1f6ea68
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
            "quorum": "healthy",
            "revision": 1000,
            "sha256": "5de76c5ae436d8e19ed10e855a11288f8378fb22a26cd1cd9224bc1c9ac59d27",
            "size": 12,
            "state": "verified",
            "takenAt": "2026-11-20T09:10:07.000Z",
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
    await writeFile(path.replace('snapshot.db', 'manifest.json'), '{');
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

  test.each(['latest~2', 'ne', 'latest~x', ''])('"%s" is nothing', async (selector) => {
    const { exit, stderr } = await cli(`snapshot show ${selector}`);
    expect([exit, /no snapshot named/.test(stderr)]).toEqual([1, true]);
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
      taken     2026-11-20 09:10:07 Z to 2026-11-20 09:10:07 Z, 4m ago
      file      REPO/clusters/baf42c91-2697-80cd-a069-c5e189c5b735/snapshots/b/snapshot.db
      size      12 B (12 bytes)
      sha256    5de76c5ae436d8e19ed10e855a11288f8378fb22a26cd1cd9224bc1c9ac59d27

      From etcd 3.5.35
        member     m1 (8e9e05c52164694d), follower, at http://10.0.0.1:2379
        chosen     a follower
        quorum     healthy
        revision   1000, compacted at 500
        hashkv     123456 at revision 1000, compacted at 500

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
    expect(stdout).toContain('Never verified; run: holdfast snapshot verify b');
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
    await writeFile(path.replace('snapshot.db', 'manifest.json'), '{');
    expect((await cli('snapshot delete old --yes')).stdout).toContain('Deleted what is left of old');
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
          run: holdfast snapshot verify b --cluster prod
        ! test: no snapshot is verified
        ! test: the newest snapshot, c, is damaged
          run: holdfast snapshot save --cluster test
      "
    `);
    expect(JSON.parse((await cli('status --json')).stdout)).toMatchObject({ kind: 'RepositoryStatus' });
  });

  test('an empty repository is no safety', async () => {
    expect((await cli('status')).exit).toBe(3);
  });
});

test('a repository that is missing, or something else, is told apart', async () => {
  expect((await cli('snapshot list --repo /nowhere/at/all')).exit).toBe(10);
  await writeFile(join(folder, 'x'), '');
  await rm(join(folder, 'holdfast-repository.json'));
  expect((await cli('snapshot list -o json')).stderr).toContain('repository-foreign');
});

test('after a signal its status counts, whatever broke off', async () => {
  const stop = new AbortController();
  stop.abort(new Failure('terminated', 'SIGTERM was received'));
  const { exit, stderr } = await cli('snapshot show nothing', { signal: stop.signal });
  expect([exit, stderr.split('\n')[0]]).toEqual([143, 'error: terminated']);
});

test('a bug is told as one, with its stack only under --debug', async () => {
  const clock = {
    ...stillClock,
    now: () => {
      throw new TypeError('a bug');
    },
  };
  const quiet = await cli('snapshot list', { clock });
  expect(quiet).toMatchObject({
    exit: 1,
    stderr: expect.stringMatching(
      /^error: Holdfast failed .*\n {2}why: {2}TypeError: a bug\n.*internal\)\n$/,
    ),
  });
  expect((await cli('snapshot list --debug', { clock })).stderr).toContain('run.test.ts');
});

test('version has what a bug report needs', async () => {
  const { exit, stdout } = await holdfast(['version', '-o', 'json']);
  expect(exit).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    apiVersion: 'holdfast.dev/v1',
    kind: 'Version',
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    node: process.versions.node,
    openssl: process.versions.openssl,
    formats: { reads: ['holdfast.dev/v1'], writes: 'holdfast.dev/v1' },
  });
  expect((await holdfast(['version', '-q'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});
