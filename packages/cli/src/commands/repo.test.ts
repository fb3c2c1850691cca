import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { holdfast, type Ran } from '../testing/io.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-repo-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function cli(args: string, env: Record<string, string> = {}): Promise<Ran> {
  return await holdfast(args.split(' '), { cwd: folder, home: folder, env });
}

describe('repo init', () => {
  test('a folder becomes a repository once', async () => {
    const made = await cli('repo init --repo r');
    expect(made).toMatchObject({ exit: 0, stderr: '' });
    expect(made.stdout).toMatch(/^made repository .*\/r\n {2}id .*\n {2}sealed for .*nobody: it is plain\n/);
    const again = await cli('repo init --repo r --plain --json');
    expect(again.exit).toBe(14);
    expect(JSON.parse(again.stderr)).toMatchObject({ code: 'repository-exists' });
    expect((await cli('snapshot list --repo r')).exit).toBe(0);
  });

  test('something else there is left alone', async () => {
    await writeFile(join(folder, 'letter'), 'dear diary');
    expect((await cli('repo init --repo .')).exit).toBe(10);
    expect(await readdir(folder)).toEqual(['letter']);
  });

  test('new keys are made beside it, for this user only, and named', async () => {
    const made = await cli('repo init --repo r --new-identity id.key --new-signing-key sign.pem -o json');
    expect([made.exit, made.stderr]).toEqual([0, '']);
    expect(JSON.parse(made.stdout)).toMatchObject({
      kind: 'Repository',
      repository: join(folder, 'r'),
      recipients: [{ name: 'id', key: expect.stringMatching(/^age1/) }],
      signers: [{ name: 'sign', role: 'admin', keyid: expect.stringMatching(/^SHA256:/) }],
      connection: null,
    });
    const identity = await readFile(join(folder, 'id.key'), 'utf8');
    expect(identity).toContain(`# public key: ${JSON.parse(made.stdout).recipients[0].key}\n`);
    for (const file of ['id.key', 'sign.pem'])
      expect((await stat(join(folder, file))).mode & 0o777).toBe(0o600);
    expect(made.stdout).not.toContain('AGE-SECRET-KEY');
    const words = await cli('repo init --repo s --new-identity other.key --signing-key sign.pem');
    expect(words.stdout).toContain(`! ${join(folder, 'other.key')} opens what will be stored.`);
    expect(words.stdout).toMatch(/signed by {4}sign \(SHA256:/);
  });

  test('it is sealed for public keys and for a passphrase, and begun ones are finished', async () => {
    await cli('repo init --repo r --new-identity id.key');
    const [line] = (await readFile(join(folder, 'id.key'), 'utf8')).match(/age1\w+/)!;
    await writeFile(join(folder, 'escrow.pub'), `# of the safe\n${line}\n`);
    // As if the first one had been killed before the keys were there.
    await cli('repo init --repo s');
    const env = { HOLDFAST_PASSPHRASE: 'correct horse' };
    const { exit, stdout } = await cli('repo init --repo s --recipients-file escrow.pub -o json', env);
    expect(exit).toBe(0);
    expect(JSON.parse(stdout).recipients).toEqual([
      { name: 'escrow', key: line },
      { name: 'passphrase', key: expect.stringMatching(/^age1/) },
    ]);
    expect(stdout).not.toContain('correct');
    expect((await cli('repo init --repo s --recipients-file escrow.pub')).exit).toBe(14);
  });

  test.each([
    ['--repo s3://b/x', 'a snapshot holds every Secret'],
    ['--repo r --plain --new-identity k', '--plain and what it is to be sealed for'],
    ['--repo r --plain --passphrase-file k', '--plain and what it is to be sealed for.*passphrase'],
    ['--repo r --new-signing-key k --signing-key l', 'and .*/l is set'],
    ['--repo r --new-identity k --new-signing-key ./k', 'k is named for both'],
  ])('%s is refused before anything is made', async (args, why) => {
    const { exit, stderr } = await cli(`repo init ${args}`);
    expect([exit, stderr]).toEqual([2, expect.stringMatching(why)]);
    expect(await readdir(folder)).toEqual([]);
  });

  test('--plain where a passphrase is set is refused: one of the two is not meant', async () => {
    const { exit, stderr } = await cli('repo init --repo r --plain', {
      HOLDFAST_PASSPHRASE: 'correct horse',
    });
    expect([exit, stderr]).toEqual([2, expect.stringContaining('--plain and what it is to be sealed for')]);
    expect(await readdir(folder)).toEqual([]);
  });

  test('key files that cannot be made leave no repository and no other key behind', async () => {
    for (const args of [
      '--new-identity none/id.key',
      '--new-identity id.key --new-signing-key none/sign.pem',
    ]) {
      const { exit, stderr } = await cli(`repo init --repo r ${args} --json`);
      expect([exit, JSON.parse(stderr).code]).toEqual([1, 'file-unwritable']);
      expect(await readdir(folder)).toEqual([]);
    }
  });

  test('keys that cannot be given take the repository and the key files with them', async () => {
    await cli('repo init --repo r --new-identity first.key');
    await rm(join(folder, 'r'), { recursive: true });
    // Another repository was seen there: nothing is sealed for the new one before that is settled.
    const args = '--new-identity id.key --new-signing-key sign.pem';
    const { exit, stderr } = await cli(`repo init --repo r ${args} --json`, {
      HOLDFAST_PASSPHRASE: 'correct horse',
    });
    expect([exit, JSON.parse(stderr).code]).toEqual([4, 'keys-rolled-back']);
    const left = await readdir(folder);
    expect(left).toContain('first.key');
    expect(left).not.toContain('id.key');
    expect(left).not.toContain('sign.pem');
    expect((await cli('snapshot list --repo r')).exit).toBe(10);
  });

  test('a repository that was there before stays, and is told to seal nothing', async () => {
    await cli('repo init --repo r --new-identity first.key');
    await rm(join(folder, 'r'), { recursive: true });
    await cli('repo init --repo r');
    const { exit, stderr } = await cli('repo init --repo r --new-identity id.key');
    expect([exit, stderr]).toEqual([
      4,
      expect.stringMatching(/warning: .*\/r is there, as it was before, and seals nothing/),
    ]);
    expect(await readdir(folder)).not.toContain('id.key');
    expect(await readdir(join(folder, 'r'))).toContain('holdfast-repository.json');
  });

  test('no key is written over', async () => {
    await writeFile(join(folder, 'k'), 'precious');
    const { exit } = await cli('repo init --repo r --new-identity k');
    expect(exit).toBe(14);
    expect(await readdir(folder)).toEqual(['k']);
  });
});

describe('repo check --connection', () => {
  test('a folder is written to, read, listed and cleaned up', async () => {
    await cli('repo init --repo r');
    const { exit, stdout } = await cli('repo check --connection --repo r -o json');
    expect(exit).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'RepositoryConnection',
      ok: true,
      id: expect.any(String),
      steps: ['put', 'read', 'list', 'delete'].map((step) => ({ step, ok: true, code: null })),
      conditionalWrites: null,
    });
    expect((await readdir(join(folder, 'r'))).toSorted()).toEqual(['.staging', 'holdfast-repository.json']);
    expect((await cli('repo check --connection --repo r')).stdout).toMatch(
      /\n {2}put {10}ok\n(.*\n){3} {2}repository {3}ok {3}\S+\n/,
    );
  });

  test('what is not there is not made', async () => {
    expect((await cli('repo check --connection --repo r')).exit).toBe(10);
    expect(await readdir(folder)).toEqual([]);
  });
});
