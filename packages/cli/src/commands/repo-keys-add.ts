import { resolve } from 'node:path';
import { Failure } from '@holdfast/base';
import type { KeyChange, NewRecipient, NewSigner } from '@holdfast/repository/keys';
import { withKeys, withPlace } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import { changeableKeys, type ChangeableKeys } from '../sources/key-place.ts';
import { nameOf, newPassphrase, recipientsIn, signersIn } from '../sources/new-keys.ts';
import type { Answer } from '../term/answer.ts';
import { keyChangeAnswer } from '../view/keys.ts';

interface AddOptions {
  readonly recipientsFile?: string;
  readonly newPassphraseFile?: string;
  readonly signer?: string;
  readonly admin?: true;
  readonly name?: string;
  readonly past?: true;
  readonly dryRun?: true;
}

export function addKeysAdd(parent: Verb): void {
  const verb = parent.command('add');
  verb
    .description('Let another key read what will be stored, or sign it.')
    .option('--recipients-file <file>', 'public keys that can read (age1…), one a line')
    .option(
      '--new-passphrase-file <file>',
      'a passphrase that can read: opens a new key kept in the repository',
    )
    .option('--signer <file>', 'public key that signs what it stores (PEM or ssh-ed25519)')
    .option('--admin', 'with --signer: it may change the keys too')
    .option('--name <name>', "what the key is called; the file's name if left out")
    .option('--past', 'with a key that reads: what is stored already too, as far as your own keys open it')
    .option('--dry-run', 'say what would change, and do nothing')
    .example(
      'A key in escrow, that can open older snapshots as well',
      'holdfast repo keys add --recipients-file escrow.pub --past --identity-file my.key --signing-key ops.pem',
    )
    .example('A node that writes', 'holdfast repo keys add --signer node1.pub.pem --signing-key ops.pem')
    .remark(
      'A change is signed by an admin: --signing-key. In a repository without keys the first one is added with the signing key, if there is one, as its admin; what was stored before stays as it is. --past stores your own secret keys, sealed for the new one.',
    )
    .answers(async (session, options: AddOptions) => add(session, options));
  withKeys(withPlace(verb));
}

async function add(session: Session, options: AddOptions): Promise<Answer> {
  const { recipientsFile, newPassphraseFile, signer } = options;
  const ways = [recipientsFile, newPassphraseFile, signer].filter((each) => each !== undefined);
  if (ways.length !== 1)
    throw new Failure('usage', 'name one of --recipients-file, --new-passphrase-file and --signer');
  if (signer === undefined && options.admin === true)
    throw new Failure('usage', '--admin is about a --signer');
  if (signer !== undefined && options.past === true)
    throw new Failure('usage', '--past is about a key that reads, and a --signer does not');
  const path = resolve(session.io.cwd, ways[0]!);
  const keys = await changeableKeys(session, options.dryRun === true);
  const changes =
    signer === undefined
      ? await addReaders(session, keys, await readersOf(path, options), options.past === true)
      : await addSigners(keys, await signersIn(path, options.name), options.admin === true);
  return keyChangeAnswer(keys, changes, options.dryRun === true);
}

async function readersOf(path: string, { newPassphraseFile, name }: AddOptions): Promise<NewRecipient[]> {
  if (newPassphraseFile === undefined) return recipientsIn(path, name);
  return [{ name: name ?? 'passphrase', key: { passphrase: await newPassphrase(path) } }];
}

async function addReaders(
  { settings }: Session,
  { place, list }: ChangeableKeys,
  readers: readonly NewRecipient[],
  past: boolean,
): Promise<KeyChange> {
  const { addKey, initKeys } = await import('@holdfast/repository/keys');
  if (list === undefined) {
    const { signing } = place.client;
    const name = nameOf(settings.signingKey ?? '');
    return initKeys(place, readers, signing === undefined ? [] : [{ key: signing.publicKey, name }]);
  }
  return oneAfterAnother(readers, (reader) => addKey(place, reader, { past }));
}

async function addSigners(
  { place, list }: ChangeableKeys,
  signers: readonly Omit<NewSigner, 'role'>[],
  admin: boolean,
): Promise<KeyChange> {
  const { addSigner, initKeys } = await import('@holdfast/repository/keys');
  if (list === undefined && admin) return initKeys(place, [], signers);
  const role = admin ? 'admin' : 'writer';
  return oneAfterAnother(signers, (signer) => addSigner(place, { ...signer, role }));
}

/** Each is a list of its own; what it was before the first, and is after the last. */
async function oneAfterAnother<T>(
  all: readonly T[],
  change: (each: T) => Promise<KeyChange>,
): Promise<KeyChange> {
  const changes: KeyChange[] = [];
  for (const each of all) changes.push(await change(each));
  return { ...changes.at(-1)!, before: changes[0]!.before, left: changes.flatMap(({ left }) => left) };
}
