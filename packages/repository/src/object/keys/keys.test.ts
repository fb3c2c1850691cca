import { inspect } from 'node:util';
import { isFailure } from '@holdfast/base';
import { describe, expect, it } from 'vitest';
import { parsePublicKeyFile } from './public-key.ts';
import { formatSecretKeyFile, generateSecretKey, parseSecretKeyFile } from './secret-key.ts';

/** From the published vectors of age (test/fixtures/age). */
const secret = 'AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0';
const lowOrder = 'age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqfy6yxh';

async function failure(work: Promise<unknown>): Promise<{ why: string; all: string }> {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toSatisfy((error) => isFailure(error, 'key-file-invalid'));
  return { why: isFailure(thrown) ? thrown.why : '', all: inspect(thrown, { depth: 9, showHidden: true }) };
}

describe('a file of secret keys', () => {
  it('is read back as it was written, comments and line ends of either kind aside', async () => {
    const key = await generateSecretKey();
    const text = formatSecretKeyFile(key, new Date('2026-11-20T09:14:07.123Z'));
    expect(text).toMatch(
      /^# created: 2026-11-20T09:14:07Z\n# public key: age1[0-9a-z]{58}\nAGE-SECRET-KEY-1[0-9A-Z]{58}\n$/,
    );
    const other = await generateSecretKey();
    const both = `${text}\r\n\r\n# the other\r\n${other.reveal()}`;
    const read = await parseSecretKeyFile(both, 'keys.txt');
    expect(read.map((each) => each.publicKey.text)).toEqual([key.publicKey.text, other.publicKey.text]);
  });

  it('shows none of its keys when one is printed or serialised', async () => {
    const [key] = await parseSecretKeyFile(secret, 'keys.txt');
    for (const shown of [inspect(key, { showHidden: true, depth: 9 }), JSON.stringify(key)])
      expect(shown).not.toContain(secret.slice(16, 30));
  });

  it.each([
    ['', 'it holds no key'],
    ['# nothing\n\n', 'it holds no key'],
    [`# a comment\n${secret.slice(0, -1)}X\n`, 'line 2 is a secret key with a typing error'],
    [secret.slice(0, 40), 'line 1 is a secret key with a typing error'],
    [secret.toLowerCase(), 'line 1 is no secret key of age'],
    [` ${secret}`, 'line 1 is no secret key of age'],
    [`${secret}\nage1lvyvwawkr0mcnnnncaghunadrqkmuf9e6507x9y920xxpp866cnql7dp2z`, 'line 2 is a public key'],
    ['AGE-SECRET-KEY-PQ-1AAAA', 'line 1 is a post-quantum key'],
    ['AGE-PLUGIN-YUBIKEY-1AAAA', 'line 1 is a key of an age plugin'],
    ['age-encryption.org/v1\n-> scrypt', 'decrypt it first, with age -d'],
  ])('is refused with the line that is wrong, and without its content: %#', async (text, why) => {
    const found = await failure(parseSecretKeyFile(text, 'keys.txt'));
    expect(found.why).toContain(why);
    expect(found.all).not.toContain(secret.slice(16, 30));
  });
});

describe('a file of public keys', () => {
  it('is read, comments aside', async () => {
    const [one, other] = [await generateSecretKey(), await generateSecretKey()];
    const text = `# ops\n${one.publicKey.text}\n\n# escrow\n${other.publicKey.text}\n`;
    const read = await parsePublicKeyFile(text, 'recipients.txt');
    expect(read.map((key) => key.text)).toEqual([one.publicKey.text, other.publicKey.text]);
  });

  it('is refused with the line that is wrong, and without its content', async () => {
    const { publicKey } = await generateSecretKey();
    const wrong = publicKey.text.slice(0, -1) + (publicKey.text.endsWith('q') ? 'p' : 'q');
    const cases: [string, string][] = [
      ['#', 'it holds no key'],
      [secret, 'line 1 is a secret key, and public keys are asked for'],
      [`${publicKey.text}\n${wrong}`, 'line 2 is a public key with a typing error'],
      [lowOrder, 'line 1 is a public key with a typing error'],
      ['age1pq1qqqq', 'line 1 is a public key of another kind'],
      ['age1yubikey1qqqq', 'line 1 is a public key of another kind'],
      ['ssh-ed25519 AAAAC3', 'line 1 is a key of SSH'],
      [publicKey.text.toUpperCase(), 'line 1 is no public key of age'],
    ];
    for (const [text, why] of cases) {
      const found = await failure(parsePublicKeyFile(text, 'recipients.txt'));
      expect(found.why).toContain(why);
      expect(found.all).not.toContain(secret.slice(16, 30));
    }
  });
});
