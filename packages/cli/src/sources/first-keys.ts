import { access, unlink } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Failure } from '@holdfast/base';
import type { ClientKeys } from '@holdfast/repository';
import type { NewRecipient } from '@holdfast/repository/keys';
import type { VerifyingKey } from '@holdfast/repository/manifest';
import type { Session } from '../session.ts';
import { clientKeys } from './keys.ts';
import { nameOf, newPassphrase, recipientsIn } from './new-keys.ts';

/** What the user says of the keys of a new repository; a signing key and a passphrase are settings. */
export interface FirstKeyOptions {
  readonly recipientsFile?: readonly string[];
  readonly newIdentity?: string;
  readonly newSigningKey?: string;
  readonly plain?: true;
}

/** The first keys of a repository, checked; nothing is made yet. */
export interface FirstKeys {
  readonly recipients: readonly NewRecipient[];
  /** Files that are to be made. */
  readonly newIdentity: string | undefined;
  readonly newSigningKey: string | undefined;
  readonly client: ClientKeys;
  /** What the client's own signing key is called. */
  readonly signer: string | undefined;
}

/**
 * Reads what a repository is to be sealed for and signed by.
 *
 * @throws usage, file-exists, key-file-invalid, signing-key-invalid, secret-file-exposed, file-unreadable
 */
export async function firstKeys(session: Session, options: FirstKeyOptions): Promise<FirstKeys> {
  const { settings, io } = session;
  const { plain, newIdentity, newSigningKey } = options;
  const files = options.recipientsFile ?? [];
  if (plain === true) refuseSealing(session, options);
  if (newSigningKey !== undefined && settings.signingKey !== undefined) {
    throw new Failure('usage', `--new-signing-key is given, and ${settings.signingKey} is set`);
  }
  const made = [newIdentity, newSigningKey].map((path) => path && resolve(io.cwd, path));
  if (made[0] !== undefined && made[0] === made[1]) {
    throw new Failure('usage', `${made[0]} is named for both of the new keys: each has a file of its own`);
  }
  for (const path of made) if (path !== undefined) await refuseTaken(path);
  const [identity, signing] = made;
  const recipients = (await Promise.all(files.map((file) => recipientsIn(resolve(io.cwd, file))))).flat();
  const passphrase = await passphraseOf(session);
  return {
    recipients: [
      ...recipients,
      ...(passphrase === undefined ? [] : [{ name: 'passphrase', key: { passphrase } }]),
    ],
    newIdentity: identity,
    newSigningKey: signing,
    client: await clientKeys(settings),
    signer: settings.signingKey && nameOf(settings.signingKey),
  };
}

/** Whether anything is to be sealed or signed at all. */
export function isSealed({ recipients, newIdentity }: FirstKeys): boolean {
  return recipients.length > 0 || newIdentity !== undefined;
}

/** Whether there is to be a key list. */
export function hasKeys(keys: FirstKeys): boolean {
  return isSealed(keys) || keys.signer !== undefined || keys.newSigningKey !== undefined;
}

/** The first keys of a repository, ready to be given to it. */
interface ReadyKeys {
  readonly recipients: readonly NewRecipient[];
  readonly signers: readonly { readonly key: VerifyingKey; readonly name: string }[];
  /** Who signs the first key list. */
  readonly client: ClientKeys;
  /** The files that were made. */
  readonly files: readonly string[];
}

/**
 * Makes the new keys and their files, all of them or none.
 *
 * @throws file-exists, file-unwritable, disk-full
 */
export async function makeKeyFiles({ io }: Session, keys: FirstKeys): Promise<ReadyKeys> {
  const [{ writeSecretKeyFile }, { makeSigningKeyFile }, { generateSecretKey }] = await Promise.all([
    import('@holdfast/repository/keys'),
    import('@holdfast/repository/manifest'),
    import('@holdfast/repository/object'),
  ]);
  const { newIdentity, newSigningKey } = keys;
  const recipients = [...keys.recipients];
  const files: string[] = [];
  try {
    if (newIdentity !== undefined) {
      const secret = await generateSecretKey();
      await writeSecretKeyFile(newIdentity, secret, io.clock.now());
      files.push(newIdentity);
      recipients.push({ name: nameOf(newIdentity), key: secret.publicKey });
    }
    const signing =
      newSigningKey === undefined ? keys.client.signing : await makeSigningKeyFile(newSigningKey);
    if (newSigningKey !== undefined) files.push(newSigningKey);
    const name = keys.signer ?? nameOf(newSigningKey ?? '');
    const signers = signing === undefined ? [] : [{ key: signing.publicKey, name }];
    return { recipients, signers, client: { ...keys.client, ...(signing && { signing }) }, files };
  } catch (error) {
    for (const file of files) await unlink(file);
    throw error;
  }
}

/** A repository that is to be plain is not sealed for anybody: one of the two is not meant. */
function refuseSealing({ settings }: Session, { recipientsFile = [], newIdentity }: FirstKeyOptions): void {
  const said = [
    recipientsFile.length > 0 && '--recipients-file',
    newIdentity !== undefined && '--new-identity',
    (settings.passphraseFile !== undefined || settings.passphrase !== undefined) &&
      'a passphrase (--passphrase-file, HOLDFAST_PASSPHRASE, or one of the configuration)',
  ].filter((each) => each !== false);
  if (said.length === 0) return;
  throw new Failure(
    'usage',
    `--plain and what it is to be sealed for exclude each other: there is ${said.join(' and ')}`,
  );
}

async function passphraseOf({ settings }: Session): Promise<string | undefined> {
  const { passphraseFile, passphrase } = settings;
  return passphraseFile === undefined ? passphrase : await newPassphrase(passphraseFile);
}

/** Found out before anything is made. */
async function refuseTaken(path: string): Promise<void> {
  try {
    await access(path);
  } catch {
    return;
  }
  throw new Failure('file-exists', 'a key is never written over', { path });
}
