import { randomUUID } from 'node:crypto';
import { withServer } from '../program/options.ts';
import { grantOption, passwordFileOption, type AskedGrant } from '../program/people-options.ts';
import type { Verb } from '../program/verb.ts';
import { clusterNames } from '../remote/clusters.ts';
import { withFleet, type Fleet } from '../remote/connection.ts';
import { grantsOf, newPassword } from '../remote/people.ts';
import type { Answer } from '../term/answer.ts';
import { userAnswer } from '../view/fleet-people.ts';

interface AddOptions {
  readonly grant: readonly AskedGrant[];
  readonly passwordFile?: string;
}

export function addUserAdd(parent: Verb): void {
  const verb = parent.command('add');
  verb
    .description('Add a user to a server.')
    .argument('<name>', 'lower-case letters, digits and . _ -')
    .addOption(grantOption('what they may be').makeOptionMandatory())
    .option(...passwordFileOption)
    .example(
      'Who may see everything, and restore one cluster',
      'holdfast user add ann --grant viewer --grant restorer@prod',
    )
    .remark(
      'viewer sees; operator also saves, verifies and drills; restorer also plans, begins and approves restores; admin may do everything; auditor sees, and reads the audit log. A password has 12 characters at least.',
    )
    .answers(async (session, options: AddOptions, name) =>
      withFleet(session, (fleet) => add(fleet, options, name)),
    );
  withServer(verb);
}

async function add(fleet: Fleet, { grant, passwordFile }: AddOptions, name: string): Promise<Answer> {
  const grants = await grantsOf(fleet, grant);
  const password = await newPassword(fleet.session, passwordFile, name);
  const body = { name, password, grants };
  const user = await fleet.client.call('createUser', { body, idempotencyKey: randomUUID() });
  return userAnswer(user, await clusterNames(fleet), 'added');
}
