import { resolve } from 'node:path';
import { Failure } from '@holdfast/base';
import { withKeys, withPlace } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import { changeableKeys, findKey } from '../sources/key-place.ts';
import { newPassphrase } from '../sources/new-keys.ts';
import type { Answer } from '../term/answer.ts';
import { keyChangeAnswer } from '../view/keys.ts';

interface RotateOptions {
  readonly newIdentity?: string;
  readonly newPassphraseFile?: string;
  readonly dryRun?: true;
}

export function addKeysRotate(parent: Verb): void {
  const verb = parent.command('rotate');
  verb
    .description('Put a new key in the place of one that reads. Nothing that is stored is written again.')
    .argument('<key>', 'its name, or the whole key as `repo keys list` prints it')
    .option('--new-identity <file>', 'keep the new secret key in this new file')
    .option('--new-passphrase-file <file>', 'keep it in the repository, opened by this passphrase')
    .option('--dry-run', 'say what would change, and do nothing')
    .example(
      'A key in a file',
      'holdfast repo keys rotate alice --identity-file old.key --new-identity new.key --signing-key ops.pem',
    )
    .example(
      'Under a passphrase',
      'holdfast repo keys rotate us --passphrase-file old --new-passphrase-file new --signing-key ops.pem',
    )
    .remark(
      'The old secret key is needed once more: it is stored sealed for the new one, which so opens older snapshots. Whoever else has the old one can still open those. A key that signs is rotated by adding the new one and then removing the old one.',
    )
    .answers(async (session, options: RotateOptions, key) => rotate(session, options, key));
  withKeys(withPlace(verb));
}

async function rotate(session: Session, options: RotateOptions, word: string): Promise<Answer> {
  const { newIdentity, newPassphraseFile, dryRun } = options;
  if ((newIdentity === undefined) === (newPassphraseFile === undefined))
    throw new Failure('usage', 'name one of --new-identity and --new-passphrase-file');
  const inFull = (path: string): string => resolve(session.io.cwd, path);
  const to =
    newPassphraseFile === undefined
      ? { file: inFull(newIdentity!) }
      : { passphrase: await newPassphrase(inFull(newPassphraseFile)) };
  const { rotateKey } = await import('@holdfast/repository/keys');
  const keys = await changeableKeys(session, dryRun === true);
  const { kind, name, key } = findKey(keys, word);
  if (kind === 'signer')
    throw new Failure('usage', `${name} signs: add the new one with --signer, then remove this one`);
  const change = await rotateKey(keys.place, { from: key, to });
  const care =
    'file' in to
      ? `${to.file} opens what is stored from now on, and all that the old key opens. Keep a copy elsewhere.`
      : undefined;
  return keyChangeAnswer(keys, change, dryRun === true, care);
}
