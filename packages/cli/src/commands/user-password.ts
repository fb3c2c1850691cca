import { resolve } from 'node:path';
import { withServer } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import { withFleet, type Fleet } from '../remote/connection.ts';
import { newPassword } from '../remote/people.ts';
import { readSecretLine } from '../sources/secret-file.ts';
import { apiVersion, type Answer } from '../term/answer.ts';
import { askSecret } from '../term/ask-secret.ts';

interface PasswordOptions {
  readonly oldPasswordFile?: string;
  readonly passwordFile?: string;
}

export function addUserPassword(parent: Verb): void {
  const verb = parent.command('password');
  verb
    .description('Change your own password. Your other logins end.')
    .option('--old-password-file <file>', 'file that holds the present one, in place of being asked for it')
    .option('--password-file <file>', 'file that holds the new one, in place of being asked for it')
    .example('At one server', 'holdfast user password --server https://holdfast.example:9443')
    .answers(async (session, options: PasswordOptions) =>
      withFleet(session, (fleet) => change(fleet, options)),
    );
  withServer(verb);
}

async function change({ client, session, url }: Fleet, options: PasswordOptions): Promise<Answer> {
  const { io } = session;
  const { user } = await client.call('getSelf');
  const { oldPasswordFile, passwordFile } = options;
  const old =
    oldPasswordFile === undefined
      ? await askSecret(io, `Present password of ${user.name}: `, '--old-password-file')
      : await readSecretLine(resolve(io.cwd, oldPasswordFile));
  const body = { old, new: await newPassword(session, passwordFile, user.name) };
  await client.call('changePassword', { body });
  return {
    json: { apiVersion, kind: 'UserPassword', server: url, user: user.name },
    names: [user.name],
    text: () => `The password of ${user.name} at ${url} is changed.\n`,
  };
}
