import { execFileSync, spawnSync } from 'node:child_process';
import { createReadStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sealingProgramsOrSkip } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compressSeekable, expand, openSeekable, parsePublicKeyFile, seal, unseal } from './index.ts';
import { formatSecretKeyFile, generateSecretKey, parseSecretKeyFile } from './keys/secret-key.ts';
import { cut, gather, memorySource, someBytes, streamOf } from './testing/bytes.ts';

/* What we store is opened by the programs of others, and what they make by us. */

const programs = await sealingProgramsOrSkip();
const MiB = 1024 * 1024;

/** age asks for passphrases on a terminal only, which `script` is for it. */
function typing(command: string[], typed: string): void {
  const line = command.map((word) => `'${word}'`).join(' ');
  const { status, stdout } = spawnSync('script', ['-qec', line, '/dev/null'], {
    input: typed,
    encoding: 'utf8',
    timeout: 60_000,
  });
  expect(stdout).not.toContain('error');
  expect(status).toBe(0);
}

describe.skipIf(programs.skip)('the programs', () => {
  const { age, 'age-keygen': keygen, zstd } = programs.skip ? ({} as never) : programs.had;
  let folder: string;
  beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'holdfast-object-'))));
  afterAll(() => rmSync(folder, { recursive: true }));

  const file = (name: string, content: string | Uint8Array): string => {
    writeFileSync(join(folder, name), content, { mode: 0o600 });
    return join(folder, name);
  };
  const output = { maxBuffer: 64 * MiB };
  const plain = someBytes(5 * MiB + 123);

  it('age and zstd one after the other open what was sealed', async () => {
    const key = await generateSecretKey();
    const sealed = seal(compressSeekable(streamOf(cut(plain, [50_000]))), { recipients: [key.publicKey] });
    const stored = file('sealed.age', await gather(sealed));
    const keys = file('keys.txt', formatSecretKeyFile(key, new Date(0)));
    expect(execFileSync(keygen, ['-y', keys], { encoding: 'utf8' }).trim()).toBe(key.publicKey.text);
    const opened = execFileSync(
      'sh',
      ['-c', '"$1" -d -i "$2" "$3" | "$4" -d', 'sh', age, keys, stored, zstd],
      output,
    );
    expect(opened.equals(plain)).toBe(true);
  });

  it('zstd opens and tests a seekable object, an empty one too', async () => {
    for (const [name, content] of [
      ['some.zst', plain],
      ['none.zst', Buffer.alloc(0)],
    ] as const) {
      const stored = file(name, await gather(compressSeekable(streamOf([content]))));
      execFileSync(zstd, ['-q', '-t', stored]);
      expect(execFileSync(zstd, ['-q', '-d', '-c', stored], output).equals(content)).toBe(true);
      expect((await openSeekable(memorySource(readFileSync(stored)))).size).toBe(content.length);
    }
  });

  it.each([
    ['-3'],
    ['-9', '--long=27'],
    ['-1', '--no-check'],
    ['-3', '-T0', '-B524288'],
    ['--format=zstd', '--rsyncable'],
  ])('zstd makes what is opened here: %s', async (...options) => {
    const stored = file(
      'made.zst',
      execFileSync(zstd, ['-q', '-c', ...options, file('plain', plain)], output),
    );
    const opened = expand(createReadStream(stored), { name: stored, atMost: plain.length });
    expect((await gather(opened)).equals(plain)).toBe(true);
  });

  it('zstd makes frames one after another from a pipe, which are opened here', async () => {
    const twice = ['-c', '"$1" -q -3 < "$2"; "$1" -q -5 < "$2"', 'sh', zstd, file('plain', plain)];
    const stored = execFileSync('sh', twice, output);
    const opened = expand(streamOf([stored]), { name: 'pipe', atMost: 2 * plain.length });
    expect((await gather(opened)).equals(Buffer.concat([plain, plain]))).toBe(true);
  });

  it('age seals for several recipients of a file what is opened here by each', async () => {
    const keyFiles = ['one', 'other'].map(
      (name) => execFileSync(keygen, { encoding: 'utf8', stdio: 'pipe' }) + `# ${name}\n`,
    );
    const keys = (await Promise.all(keyFiles.map(async (text) => parseSecretKeyFile(text, 'keys')))).flat();
    const recipients = file('recipients.txt', keys.map((key) => `${key.publicKey.text}\n`).join('# and\n'));
    expect(await parsePublicKeyFile(readFileSync(recipients, 'utf8'), recipients)).toHaveLength(2);
    const sealed = execFileSync(age, ['-R', recipients, file('plain', plain)], output);
    for (const key of keys) {
      const opened = await gather(unseal(streamOf(cut(sealed, [9999])), { keys: [key] }, 'sealed'));
      expect(opened.equals(plain)).toBe(true);
    }
  });

  const script = spawnSync('script', ['--version']).status === 0;

  it.skipIf(!script)(
    'age opens with a passphrase what was sealed with it, and the other way round',
    async () => {
      const passphrase = 'correct horse battery staple';
      const stored = file('ours.age', await gather(seal(streamOf([plain]), { passphrase, work: 12 })));
      typing([age, '-d', '-o', join(folder, 'opened'), stored], `${passphrase}\n`);
      expect(readFileSync(join(folder, 'opened')).equals(plain)).toBe(true);
      typing(
        [age, '-p', '-o', join(folder, 'theirs.age'), file('plain', plain)],
        `${passphrase}\n${passphrase}\n`,
      );
      const theirs = createReadStream(join(folder, 'theirs.age'));
      expect((await gather(unseal(theirs, { passphrases: [passphrase] }, 'theirs'))).equals(plain)).toBe(
        true,
      );
    },
  );
});
