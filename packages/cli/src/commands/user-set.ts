import { Failure } from '@holdfast/base';
import { Option } from 'commander';
import { withServer } from '../program/options.ts';
import { grantOption, passwordFileOption, type AskedGrant } from '../program/people-options.ts';
import type { Verb } from '../program/verb.ts';
import { clusterNames } from '../remote/clusters.ts';
import { withFleet, type Fleet } from '../remote/connection.ts';
import { grantsOf, newPassword, userNamed } from '../remote/people.ts';
import type { Answer } from '../term/answer.ts';
import { userAnswer } from '../view/fleet-people.ts';

interface SetOptions {
  readonly grant?: readonly AskedGrant[];
  readonly enable?: true;
  readonly disable?: true;
  readonly password?: true;
  readonly passwordFile?: string;
}

export function addUserSet(parent: Verb): void {
  const verb = parent.command('set');
  verb
    .description('Change what a user may do, or their password; disable or enable them.')
    .argument('<user>', 'their name or id')
    .addOption(grantOption('what they may be from now on, in place of all before'))
    .addOption(new Option('--disable', 'let them in no more').conflicts('enable'))
    .option('--enable', 'let them in again')
    .option('--password', 'ask for a new password')
    .option(...passwordFileOption)
    .example('Somebody has another task', 'holdfast user set ann --grant restorer')
    .example('Somebody has left', 'holdfast user set ann --disable')
    .example('Somebody has forgotten their password', 'holdfast user set ann --password')
    .remark(
      'Their logins end when they are disabled and when they have a new password. The last admin stays one; `holdfast user reset-password` helps when nobody knows the password of any.',
    )
    .answers(async (session, options: SetOptions, word) =>
      withFleet(session, (fleet) => set(fleet, options, word)),
    );
  withServer(verb);
}

async function set(fleet: Fleet, options: SetOptions, word: string): Promise<Answer> {
  const { grant, enable, disable, password: asked, passwordFile } = options;
  const isNew = asked === true || passwordFile !== undefined;
  if (grant === undefined && enable === undefined && disable === undefined && !isNew)
    throw new Failure('usage', 'nothing is to be changed; --help says what can be');
  const { id } = await userNamed(fleet, word);
  const params = { user: id };
  const { reply: before, etag } = await fleet.client.callWithEtag('getUser', { params });
  const grants = grant === undefined ? before.grants : await grantsOf(fleet, grant);
  const disabled = disable === true || (enable !== true && before.disabled);
  const password = isNew ? await newPassword(fleet.session, passwordFile, before.name) : undefined;
  const body = { disabled, grants, ...(password !== undefined && { password }) };
  // Before: whoever gives themselves a new password is logged in no more.
  const names = await clusterNames(fleet);
  return userAnswer(await fleet.client.call('putUser', { params, body, ifMatch: etag! }), names, 'set');
}
