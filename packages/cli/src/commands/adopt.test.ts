import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { holdfast, type Ran } from '../testing/io.ts';

const fixture = new URL('../../../../test/fixtures/snapshots/etcd-3.6.16.db.gz', import.meta.url);
const packed = readFileSync(fixture);
const content = gunzipSync(packed);
const changed = Buffer.from(content);
changed[20_000]! ^= 1;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-adopt-'));
  leave('theirs/rke_etcd_snapshot_2026-11-19T03:00:00Z', content);
  leave('theirs/old/nightly.db', changed);
  leave('theirs/new/nightly.db', content);
  leave('theirs/cut.db', content.subarray(0, 8192));
  leave('theirs/README', Buffer.from('ask Anna\n'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function leave(path: string, bytes: Uint8Array): void {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, bytes);
  const at = new Date('2026-11-18T00:00:00Z');
  utimesSync(file, at, at);
}

async function cli(line: string): Promise<Ran> {
  const { exit, stdout, stderr } = await holdfast(line.split(' '), { cwd: folder, env: { TMPDIR: folder } });
  const plain = (text: string): string => text.replaceAll(folder, 'HERE');
  return { exit, stdout: plain(stdout), stderr: plain(stderr) };
}

describe('adopt', () => {
  test('has a line for each snapshot with the command that brings it in, then what there is to know', async () => {
    const { exit, stdout } = await cli('adopt theirs --cluster prod');
    expect(exit).toBe(3);
    expect(stdout).toMatchInlineSnapshot(`
      "4 snapshots in HERE/theirs

      NAME                                     SYSTEM   TAKEN     SIZE       CLUSTER   NODE   STATE      NEXT
      rke_etcd_snapshot_2026-11-19T03:00:00Z   rke      30h ago   68.0 KiB   -         -      unread     holdfast snapshot import rke_etcd_snapshot_2026-11-19T03:00:00Z --from HERE/theirs --repo REPO --cluster prod
      old/nightly.db                           etcd     2d ago    68.0 KiB   -         -      unread     holdfast snapshot import old/nightly.db --from HERE/theirs --repo REPO --cluster prod
      new/nightly.db                           etcd     2d ago    68.0 KiB   -         -      unread     holdfast snapshot import new/nightly.db --from HERE/theirs --repo REPO --cluster prod
      cut.db                                   etcd     2d ago    8.00 KiB   -         -      unusable   -

      Needed for a restore of the cluster, and not there
        the cluster's state (.rkestate) or its pki.bundle.tar.gz, with all certificates and keys: for rke_etcd_snapshot_2026-11-19T03:00:00Z
        if it is a Kubernetes, the certificates and keys of /etc/kubernetes, and its encryption configuration where Secrets are encrypted: for old/nightly.db, new/nightly.db

      Of the snapshots
        rke_etcd_snapshot_2026-11-19T03:00:00Z: There is no cluster state (.rkestate) with it: the certificates and keys of the cluster have to come from elsewhere.
        cut.db: The database is cut off: 8192 of 69632 bytes are there.

      Not recognised
        README (9 B)
      "
    `);
  });

  test('reads all of them when it is to verify, and says what is sound', async () => {
    const { exit, stdout } = await cli('adopt theirs --verify -o json');
    expect(exit).toBe(3);
    const { items } = JSON.parse(stdout) as {
      items: { path: string; state: string; damage: string | null }[];
    };
    expect(items.map(({ path, state }) => [path, state])).toEqual([
      ['rke_etcd_snapshot_2026-11-19T03:00:00Z', 'sound'],
      ['old/nightly.db', 'damaged'],
      ['new/nightly.db', 'sound'],
      ['cut.db', 'unusable'],
    ]);
    expect(items[1]?.damage).toContain('trailer: byte');
  });

  test('is content with a place in which all is well, and with an empty one', async () => {
    leave('good/nightly.db', content);
    mkdirSync(join(folder, 'empty'));
    expect(await cli('adopt good --verify -q')).toMatchObject({ exit: 0, stdout: 'nightly.db\n' });
    const { exit, stdout } = await cli('adopt empty');
    expect([exit, stdout]).toEqual([0, 'No snapshot of a known kind is in HERE/empty.\n']);
    expect((await cli('adopt no-such')).exit).toBe(1);
  });

  test('tells of a repository of Holdfast itself in one line, and takes nothing of it for etcd’s', async () => {
    await cli('repo init --plain --repo good/ours');
    leave('good/nightly.db', content);
    await cli('adopt good --import all --repo good/ours --cluster prod');
    const { exit, stdout } = await cli('adopt good -o json');
    expect(exit).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      items: [{ name: 'nightly.db' }],
      unknown: [],
      repositories: ['HERE/good/ours'],
    });
    expect((await cli('adopt good/ours')).stdout).toBe(
      'No snapshot of a known kind is in HERE/good/ours.\n\nOf Holdfast itself, and not looked into\n  HERE/good/ours is a repository, or a part of one: `holdfast snapshot list` shows it\n',
    );
  });

  test('calls none as another one’s path, or as a selector', async () => {
    leave('alike/x.zip', content);
    leave('alike/b/x.zip', content);
    leave('alike/c/latest', content);
    utimesSync(join(folder, 'alike/x.zip'), 1, 1);
    const { stdout } = await cli('adopt alike -q');
    expect(stdout.split('\n').toSorted()).toEqual(['', 'b/x.zip', 'c/latest', 'x.zip']);
  });

  test('imports several, each with a result of its own', async () => {
    await cli('repo init --plain --repo ours');
    const { exit, stdout, stderr } = await cli('adopt theirs --import all --repo ours --cluster prod');
    expect(exit).toBe(3);
    expect(stdout).toMatchInlineSnapshot(`
      "Into HERE/ours

      NAME                                     RESULT     CLUSTER   AS, OR WHY NOT
      new/nightly.db                           imported   prod      nightly.db
      old/nightly.db                           failed     -         trailer: byte 69632: the SHA-256 here is bfac9cb580409b8dcfde1ba1625d90ab09d6a29cab081664f7b883e0a269da42, but what precedes it has 1e65a988ab9b19ce932dd6d9649da897b6f5b8ed83e18967d5b375b9ee8f32b7
      rke_etcd_snapshot_2026-11-19T03:00:00Z   there      prod      nightly.db
      "
    `);
    expect(stderr).toContain('2 of 3 snapshots were imported');
    const named = await cli('adopt theirs --repo ours --cluster prod --import new/nightly.db -q');
    expect(named).toMatchObject({ exit: 0, stdout: 'nightly.db\n' });
    expect((await cli('adopt theirs --import nightly.db --repo ours')).exit).toBe(2);
    expect((await cli('adopt theirs --import all')).stderr).toContain('--repo is missing');
  });
});

describe('the verbs of snapshots', () => {
  test('take what lies elsewhere: listed, shown and verified by name or path', async () => {
    expect((await cli('snapshot list --from theirs -q')).stdout.split('\n')).toContain('new/nightly.db');
    const shown = await cli('snapshot show new/nightly.db --from theirs --utc');
    expect(shown.stdout).toMatchInlineSnapshot(`
      "name      nightly.db
      system    etcd
      path      HERE/theirs/new/nightly.db
      form      db
      size      68.0 KiB (69664 bytes)
      taken     2026-11-18 00:00:00 Z, 2d ago, as the time of the file says
      restore   possible, as far as its heads tell
      missing   if it is a Kubernetes, the certificates and keys of /etc/kubernetes, and its encryption configuration where Secrets are encrypted
      "
    `);
    expect(await cli('snapshot verify new/nightly.db --from theirs')).toMatchObject({
      exit: 0,
      stdout: expect.stringMatching(/^nightly.db: sound/) as string,
    });
    expect((await cli('snapshot verify old/nightly.db --from theirs')).exit).toBe(4);
    expect((await cli('snapshot show nightly.db --from theirs')).stderr).toContain('old/nightly.db');
    expect((await cli('snapshot list --from theirs --repo ours')).exit).toBe(2);
  });

  test('import a file with what lies beside it, and nothing that does not belong to it', async () => {
    await cli('repo init --plain --repo ours');
    const one = await cli('snapshot import theirs/new/nightly.db --repo ours --cluster prod --utc');
    expect(one.exit).toBe(0);
    expect(one.stdout).toMatchInlineSnapshot(`
      "imported nightly.db of cluster prod
        from       etcd, nightly.db
        to         HERE/ours
        taken      2026-11-18 00:00:00 Z
        revision   61
        size       68.0 KiB
        state      stored
        note       Nothing but the time of the file tells when it was taken.
        note       Nothing in it tells which Kubernetes it is of.
      "
    `);
    leave('theirs/other.gz', packed);
    const again = await cli('snapshot import theirs/other.gz --repo ours --cluster prod');
    expect(again.stdout).toContain('is there already: nightly.db of cluster prod');
    expect((await cli('snapshot import theirs/README --repo ours --cluster prod')).stderr).toContain(
      'not a snapshot of a kind that is known',
    );
  });

  test('restore with the flags of etcdutl takes an archive, and agrees on a token with the plain file', async () => {
    leave('theirs/other.gz', packed);
    const tokens: string[] = [];
    for (const [file, dir] of [
      ['new/nightly.db', 'one'],
      ['other.gz', 'two'],
    ]) {
      const { exit, stdout } = await cli(`snapshot restore theirs/${file} --data-dir ${dir} -o json`);
      expect(exit).toBe(0);
      tokens.push((JSON.parse(stdout) as { cluster: { token: string } }).cluster.token);
    }
    expect(tokens[1]).toBe(tokens[0]);
    leave('theirs/broken.gz', packed.subarray(0, packed.length - 100));
    expect((await cli('snapshot restore theirs/broken.gz --data-dir three')).exit).toBe(4);
  });

  test('restore says how the other members get the very same one', async () => {
    const members = 'm1=http://10.0.0.1:2380,m2=http://10.0.0.2:2380';
    const { exit, stdout } = await cli(
      `restore datadir --from theirs --snapshot latest --data-dir data --name m1 --initial-cluster ${members} --initial-advertise-peer-urls http://10.0.0.1:2380`,
    );
    expect(exit).toBe(0);
    expect(stdout).toContain(
      '--from HERE/theirs --snapshot rke_etcd_snapshot_2026-11-19T03:00:00Z --data-dir',
    );
  });
});
