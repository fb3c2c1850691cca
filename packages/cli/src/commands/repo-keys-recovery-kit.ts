import type { Repository } from '@holdfast/repository';
import { withKeys, withPlace } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import { chosenPlace } from '../sources/places.ts';
import { openRepository } from '../sources/repository.ts';
import { placeText } from '../settings/places.ts';
import { apiVersion, type Answer } from '../term/answer.ts';
import { recoveryKitText, type RecoveryKit } from '../view/recovery-kit.ts';

interface KitOptions {
  readonly withSecrets?: true;
}

export function addRecoveryKit(parent: Verb): void {
  const verb = parent.command('recovery-kit');
  verb
    .description('Write a page to print and keep in a safe: what it takes to get the snapshots back.')
    .option('--with-secrets', 'with the secret keys that you can open, to be typed in again')
    .example('To print', 'holdfast repo keys recovery-kit --repo s3://backups/prod > kit.txt')
    .example(
      'With the secret keys',
      'holdfast repo keys recovery-kit --with-secrets --identity-file my.key | lp',
    )
    .remark(
      'Without --with-secrets there is nothing secret on the page, and it opens nothing: keep a secret key or the passphrase beside it. Print it anew when the keys change.',
    )
    .answers(async (session, options: KitOptions) => print(session, options.withSecrets === true));
  withKeys(withPlace(verb));
}

async function print(session: Session, withSecrets: boolean): Promise<Answer> {
  const repository = await openRepository(session);
  const kit: RecoveryKit = {
    repository: placeText(chosenPlace(session)),
    id: repository.record.id,
    madeAt: session.io.clock.now(),
    list: repository.ring.list,
    secrets: withSecrets ? await secretsOf(repository) : [],
  };
  if (withSecrets)
    session.warn(
      'the page has secret keys on it: whoever sees it, or a file that it is kept in, can read every snapshot',
    );
  return {
    json: {
      apiVersion,
      kind: 'RecoveryKit',
      repository: kit.repository,
      id: kit.id,
      sequence: kit.list?.sequence ?? null,
      recipients: kit.list?.recipients ?? [],
      signers: kit.list?.signers ?? [],
      ...(withSecrets && {
        secrets: kit.secrets.map(({ publicKey, text }) => ({ publicKey, secretKey: text })),
      }),
    },
    names: [kit.id],
    text: () => recoveryKitText(kit),
  };
}

/** The secret keys of this repository that the user has or can open; others in his file are none of its business. */
async function secretsOf({ ring }: Repository): Promise<RecoveryKit['secrets']> {
  const { recipients = [], secrets = [] } = ring.list ?? {};
  const names = new Map([
    ...secrets.map(({ recipient }) => [recipient, 'former key'] as const),
    ...recipients.map(({ key, name }) => [key, name] as const),
  ]);
  const { keys = [] } = await ring.opening();
  return keys.flatMap((key) => {
    const name = names.get(key.publicKey.text);
    return name === undefined ? [] : [{ name, publicKey: key.publicKey.text, text: key.reveal() }];
  });
}
