import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { holdfast, type Ran, type TestIo } from '../testing/io.ts';

/* The command line on a sealed and signed repository; keys differ each time, and are written as their kinds. */

let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-keys-'));
  file('passphrase', 'correct horse\n');
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = (name: string, content: string): void =>
  writeFileSync(join(folder, name), content, { mode: 0o600 });

async function cli(args: string, io: TestIo = {}): Promise<Ran> {
  const env = { HOLDFAST_REPO: join(folder, 'repo'), HOLDFAST_STATE_DIR: join(folder, 'state'), ...io.env };
  const ran = await holdfast(args.split(' '), { cwd: folder, ...io, env });
  const plain = (text: string): string =>
    text
      .replaceAll(folder, 'DIR')
      .replaceAll(/age1[0-9a-z]{58}/g, 'age1…')
      .replaceAll(/SHA256:[\w+/]{43}/g, 'SHA256:…')
      .replaceAll(/secret-[0-9a-f]{32}/g, 'secret-…')
      .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'UUID');
  return { exit: ran.exit, stdout: plain(ran.stdout), stderr: plain(ran.stderr) };
}

const asOps = '--signing-key ops.pem';

async function init(): Promise<void> {
  expect(await cli('repo init --new-identity alice.key --new-signing-key ops.pem')).toMatchObject({
    exit: 0,
  });
}

/** A public key to sign with, in PEM. */
function signer(name: string): void {
  const { publicKey } = generateKeyPairSync('ed25519');
  file(name, publicKey.export({ format: 'pem', type: 'spki' }) as string);
}

/** A public key to seal for. */
async function reader(name: string): Promise<void> {
  const { generateSecretKey } = await import('@holdfast/repository/object');
  file(name, `${(await generateSecretKey()).publicKey.text}\n`);
}

const names = async (): Promise<string> => (await cli('repo keys list -o name')).stdout;

describe('repo keys list', () => {
  test('who reads, who signs, and what was replaced', async () => {
    await init();
    signer('node1.pub');
    await cli(`repo keys add --signer node1.pub ${asOps}`);
    await cli(`repo keys add --new-passphrase-file passphrase --name us ${asOps}`);
    await cli(`repo keys remove node1 --yes ${asOps}`);
    await cli(`repo keys rotate alice --identity-file alice.key --new-identity alice-2.key ${asOps}`);
    const { exit, stdout, stderr } = await cli('repo keys list');
    expect([exit, stderr]).toEqual([0, '']);
    expect(stdout).toMatchInlineSnapshot(`
      "NAME    ROLE     STATE                   ADDED    KEY
      us      reader   reads, by passphrase    0s ago   age1…
      alice   reader   reads                   0s ago   age1…
      ops     admin    signs                   0s ago   SHA256:…
      node1   writer   retired 0s ago          0s ago   SHA256:…
      -       former   kept, opened by alice   -        age1…
      "
    `);
    expect(await names()).toBe('us\nalice\nops\nnode1\n');
    const json = JSON.parse((await cli('repo keys list --json')).stdout) as object;
    expect(json).toMatchObject({ kind: 'RepositoryKeys', sequence: 5, secrets: [{}, {}] });
  });

  test('a repository without keys says what that means', async () => {
    await cli('repo init --plain');
    expect((await cli('repo keys list')).stdout).toContain('neither sealed nor signed');
    const removed = await cli('repo keys remove alice --yes');
    expect([removed.exit, removed.stderr]).toEqual([14, expect.stringContaining('has no keys')]);
  });

  test('another machine is told once to compare the keys, and refuses older ones later', async () => {
    await init();
    const elsewhere = { env: { HOLDFAST_STATE_DIR: join(folder, 'elsewhere') } };
    expect((await cli('repo keys list', elsewhere)).stderr).toContain('seen here for the first time');
    expect((await cli('repo keys list', elsewhere)).stderr).toBe('');
    await reader('bob.pub');
    await cli(`repo keys add --recipients-file bob.pub ${asOps}`);
    await cli('repo keys list', elsewhere);
    rmSync(join(folder, 'repo', 'keys', '000002.json'));
    const { exit, stderr } = await cli('repo keys list', elsewhere);
    expect([exit, stderr]).toEqual([4, expect.stringContaining('not those that this machine has seen')]);
  });
});

describe('repo keys add', () => {
  test('says what it does, and does it', async () => {
    await init();
    await reader('escrow.pub');
    const words = `repo keys add --recipients-file escrow.pub --past --identity-file alice.key ${asOps}`;
    const tried = await cli(`${words} --dry-run`);
    expect(tried.stdout).toMatchInlineSnapshot(`
      "Would change the keys:
        + escrow: reader, reads (age1…)
        the secret key of alice is kept in the repository, opened by escrow
      "
    `);
    expect(await names()).toBe('alice\nops\n');
    expect((await cli(words)).stdout).toMatchInlineSnapshot(`
      "Changed the keys (list 2):
        + escrow: reader, reads (age1…)
        the secret key of alice is kept in the repository, opened by escrow
      "
    `);
    expect(await names()).toBe('alice\nescrow\nops\n');
    const again = await cli(words);
    expect([again.exit, again.stderr]).toEqual([14, expect.stringContaining('already')]);
  });

  test('needs the key of an admin', async () => {
    await init();
    await reader('escrow.pub');
    const { exit, stderr } = await cli('repo keys add --recipients-file escrow.pub');
    expect([exit, stderr]).toEqual([12, expect.stringContaining('no signing key was given')]);
  });

  test('gives a repository without keys its first one', async () => {
    await cli('repo init --plain');
    await reader('bob.pub');
    expect(await cli('repo keys add --recipients-file bob.pub')).toMatchObject({ exit: 0 });
    expect(await names()).toBe('bob\n');
  });

  test('gives a repository without keys its first admin, who signs that himself', async () => {
    await cli('repo init --plain');
    signer('other.pub');
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    file('ops.pem', privateKey.export({ format: 'pem', type: 'pkcs8' }) as string);
    file('ops.pub', publicKey.export({ format: 'pem', type: 'spki' }) as string);
    expect((await cli(`repo keys add --signer other.pub --admin ${asOps}`)).exit).toBe(12);
    expect((await cli(`repo keys add --signer ops.pub ${asOps}`)).exit).toBe(14);
    expect((await cli(`repo keys add --signer ops.pub --admin ${asOps}`)).exit).toBe(0);
    expect((await cli(`repo keys add --signer other.pub ${asOps}`)).exit).toBe(0);
    expect(await names()).toBe('ops\nother\n');
    expect((await cli('repo keys list --trusted-keys ops.pub')).exit).toBe(0);
    expect((await cli('repo keys list --trusted-keys other.pub')).exit).toBe(4);
  });

  test.each([
    ['repo keys add', 'name one of'],
    ['repo keys add --signer a --recipients-file b', 'name one of'],
    ['repo keys add --recipients-file b --admin', 'about a --signer'],
    ['repo keys add --signer b --past', 'about a key that reads'],
  ])('%s is a mistake', async (args, why) => {
    const { exit, stderr } = await cli(args);
    expect([exit, stderr]).toEqual([2, expect.stringContaining(why)]);
  });
});

describe('repo keys remove', () => {
  test('asks, and says what remains', async () => {
    await init();
    await reader('bob.pub');
    await cli(`repo keys add --recipients-file bob.pub ${asOps}`);
    expect((await cli(`repo keys remove bob ${asOps}`)).exit).toBe(20);
    const wrong = await cli(`repo keys remove bob ${asOps}`, { isTTY: true, typed: 'yes' });
    expect(wrong.exit).toBe(20);
    const { exit, stdout, stderr } = await cli(`repo keys remove bob ${asOps}`, {
      isTTY: true,
      typed: 'bob',
    });
    expect(exit).toBe(0);
    expect(stderr).toContain('can no longer be opened with bob (age1…)');
    expect(stdout).toContain('What is stored already can be opened with a removed key for ever.');
    expect(await names()).toBe('alice\nops\n');
  });

  test('refuses the last ones, and what it does not know', async () => {
    await init();
    for (const [args, why] of [
      ['remove alice', 'pass --last to go on without: sealing'],
      ['remove ops --revoke', 'pass --last to go on without: signatures'],
    ])
      expect((await cli(`repo keys ${args} --yes ${asOps}`)).stderr).toContain(why);
    expect((await cli(`repo keys remove al --yes ${asOps}`)).exit).toBe(1);
    expect((await cli(`repo keys remove alice --revoke --yes ${asOps}`)).exit).toBe(2);
    expect((await cli(`repo keys remove alice --last --yes ${asOps}`)).exit).toBe(0);
    expect(await names()).toBe('ops\n');
  });

  test('a key that is called like another is named by itself', async () => {
    await init();
    await reader('ops.pub');
    await cli(`repo keys add --recipients-file ops.pub ${asOps}`);
    expect((await cli(`repo keys remove ops --yes ${asOps}`)).stderr).toContain('are called ops');
    const key = readFileSync(join(folder, 'ops.pub'), 'utf8').trim();
    expect((await cli(`repo keys remove ${key} --yes ${asOps}`)).exit).toBe(0);
  });
});

describe('repo keys rotate and passphrase', () => {
  test('a new file for a new key, and nothing on a dry run', async () => {
    await init();
    const words = `repo keys rotate alice --identity-file alice.key --new-identity new.key ${asOps}`;
    expect((await cli(`${words} --dry-run`)).exit).toBe(0);
    expect(() => statSync(join(folder, 'new.key'))).toThrow('ENOENT');
    expect((await cli(words)).stdout).toMatchInlineSnapshot(`
      "Changed the keys (list 2):
        + alice: reader, reads (age1…)
        - alice: reader no more (age1…)
        the former secret key of alice is kept in the repository, opened by alice
      ! What is stored already can be opened with a removed key for ever.
      ! DIR/new.key opens what is stored from now on, and all that the old key opens. Keep a copy elsewhere.
      "
    `);
    expect(statSync(join(folder, 'new.key')).mode & 0o777).toBe(0o600);
    expect((await cli(`repo keys rotate alice ${asOps}`)).exit).toBe(2);
    expect((await cli(`repo keys rotate ops --new-identity x ${asOps}`)).exit).toBe(2);
  });

  test('another passphrase, of a file that only its owner reads', async () => {
    await cli('repo init --passphrase-file passphrase');
    file('new', 'battery staple');
    const words = 'repo keys passphrase --passphrase-file passphrase --new-passphrase-file new';
    expect((await cli(words)).exit).toBe(0);
    expect((await cli(words)).exit).toBe(12);
    file('empty', '\n');
    expect((await cli(`${words}x --new-passphrase-file empty`)).exit).toBe(2);
  });
});

describe('repo keys recovery-kit', () => {
  test('a page with all that it takes, and nothing secret', async () => {
    await init();
    await cli(`repo keys rotate alice --identity-file alice.key --new-identity alice-2.key ${asOps}`);
    await cli(`repo keys add --new-passphrase-file passphrase --name us ${asOps}`);
    const { stdout, stderr } = await cli('repo keys recovery-kit');
    expect(stderr).toBe('');
    expect(stdout).toMatchInlineSnapshot(`
      "HOLDFAST RECOVERY KIT

      repository   DIR/repo
      id           UUID
      keys         list 3 of 2026-11-20
      printed      2026-11-20

      SEALED FOR (one of the secret keys is enough)
        alice
          age1…
        us
          age1…
          its secret key: keys/secret-….age, opened by a passphrase
        former key, for older snapshots
          age1…
          its secret key: keys/secret-….age, opened by that of
            age1…

      SIGNED BY
        ops: admin
          SHA256:…

      WITH HOLDFAST
        holdfast snapshot list --repo DIR/repo --identity-file key.txt
        holdfast snapshot export latest --to snapshot.db --repo DIR/repo --identity-file key.txt
        with a passphrase: --passphrase-file FILE instead of --identity-file

      WITHOUT HOLDFAST (docs/format.md tells more)
        Fetch clusters/<cluster id>/snapshots/<name>/ and the folder keys/ from the repository.
        age -d -i key.txt snapshot.db.zst.age | zstd -d > snapshot.db
        with a passphrase: age -d -i keys/secret-….age … asks for it
        an older snapshot: age -d -i key.txt keys/secret-….age > older.txt,
        then the same with older.txt
        what else the cluster needs: age -d -i key.txt companions.tar.age | tar -x
        etcdutl snapshot status snapshot.db -w table
        etcdutl snapshot restore snapshot.db --data-dir /var/lib/etcd-restored \\
          --name m1 --initial-cluster m1=https://ADDRESS:2380 \\
          --initial-advertise-peer-urls https://ADDRESS:2380 \\
          --bump-revision 1000000000 --mark-compacted
      "
    `);
    expect(stdout).not.toContain('AGE-SECRET-KEY');
    expect(stdout.split('\n').length).toBeLessThan(60);
  });

  test('with the secret keys when that is asked for, in groups that a person can type', async () => {
    await init();
    expect((await cli('repo keys recovery-kit --with-secrets')).exit).toBe(12);
    const { stdout, stderr } = await cli('repo keys recovery-kit --with-secrets --identity-file alice.key');
    expect(stderr).toContain('the page has secret keys on it');
    const secret = /AGE-SECRET-KEY-1\w+/.exec(readFileSync(join(folder, 'alice.key'), 'utf8'))![0];
    const typed = /AGE-SECRET-KEY-1 [^\n]*\n[^\n]*/.exec(stdout)![0].replaceAll(/\s/g, '');
    expect(typed).toBe(secret);
  });
});
