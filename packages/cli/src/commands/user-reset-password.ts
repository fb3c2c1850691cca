import { Failure } from '@holdfast/base';
import { passwordFileOption } from '../program/people-options.ts';
import type { Verb } from '../program/verb.ts';
import { newPassword } from '../remote/people.ts';
import type { Session } from '../session.ts';
import { serverStore, withServerStore, type ServerStoreOptions } from '../sources/server-store.ts';
import { apiVersion, type Answer } from '../term/answer.ts';

interface ResetOptions extends ServerStoreOptions {
  readonly passwordFile?: string;
}

export function addUserResetPassword(parent: Verb): void {
  const verb = parent.command('reset-password');
  withServerStore(verb)
    .description('Give a user a new password on the machine of the server itself, when no admin can log in.')
    .argument('<name>', 'whose, as admin')
    .option(...passwordFileOption)
    .example(
      'Nobody knows the password of admin any more',
      'holdfast user reset-password admin --data-dir /var/lib/holdfast-server',
    )
    .remark(
      "It writes to the server's database, so it is for whoever may read that: run it as the user of the server, with the same version of Holdfast. The server may run meanwhile. Who was disabled is enabled, their logins end, what they may do stays as it is, and the audit log tells of it.",
    )
    .answers(reset);
}

async function reset(session: Session, options: ResetOptions, name: string): Promise<Answer> {
  const place = await serverStore(session, options);
  const password = await newPassword(session, options.passwordFile, name);
  // One that is longer would be refused when its user logs in.
  if (password.length < 12 || password.length > 200)
    throw new Failure('usage', 'a password has 12 characters at least, and 200 at most');
  const { resetPassword } = await import('@holdfast/server');
  await resetPassword(place, { name, password }, session.io.clock);
  return {
    json: { apiVersion, kind: 'UserResetPassword', user: name },
    names: [name],
    text: () => `${name} has a new password.\n`,
  };
}
