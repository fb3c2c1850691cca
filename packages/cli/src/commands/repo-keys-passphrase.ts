import { resolve } from 'node:path';
import { Failure } from '@holdfast/base';
import { withKeys, withPlace } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import { changeableKeys } from '../sources/key-place.ts';
import { newPassphrase } from '../sources/new-keys.ts';
import type { Answer } from '../term/answer.ts';
import { keyChangeAnswer } from '../view/keys.ts';

interface PassphraseOptions {
  readonly newPassphraseFile?: string;
  readonly dryRun?: true;
}

export function addKeysPassphrase(parent: Verb): void {
  const verb = parent.command('passphrase');
  verb
    .description('Change the passphrase that opens a key kept in the repository. The key stays the same.')
    .option('--new-passphrase-file <file>', 'file that holds the new one')
    .option('--dry-run', 'say what would change, and do nothing')
    .example(
      'Known to too many',
      'holdfast repo keys passphrase --passphrase-file old --new-passphrase-file new --signing-key ops.pem',
    )
    .remark(
      'Who forgot it and has the key by another way gives that with --identity-file. Somebody who knows the old passphrase and kept a copy of the repository still opens that: rotate the key where this matters.',
    )
    .answers(async (session, options: PassphraseOptions) => change(session, options));
  withKeys(withPlace(verb));
}

async function change(session: Session, { newPassphraseFile, dryRun }: PassphraseOptions): Promise<Answer> {
  if (newPassphraseFile === undefined) throw new Failure('usage', '--new-passphrase-file is missing');
  const passphrase = await newPassphrase(resolve(session.io.cwd, newPassphraseFile));
  const { changePassphrase } = await import('@holdfast/repository/keys');
  const keys = await changeableKeys(session, dryRun === true);
  return keyChangeAnswer(keys, await changePassphrase(keys.place, { passphrase }), dryRun === true);
}
