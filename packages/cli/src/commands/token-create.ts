import { resolve } from 'node:path';
import { spanMs } from '@holdfast/model';
import { Option } from 'commander';
import { withServer } from '../program/options.ts';
import { grantOption, type AskedGrant } from '../program/people-options.ts';
import { lengthOfTime, none, orNone } from '../program/span.ts';
import type { Verb } from '../program/verb.ts';
import { withFleet, type Fleet } from '../remote/connection.ts';
import { writeSecret } from '../remote/logins.ts';
import { grantsOf } from '../remote/people.ts';
import { apiVersion, type Answer } from '../term/answer.ts';
import { endWords } from '../view/fleet-people.ts';

interface CreateOptions {
  readonly description: string;
  readonly lifetime: string;
  readonly grant?: readonly AskedGrant[];
  readonly tokenOut?: string;
}

export function addTokenCreate(parent: Verb): void {
  const verb = parent.command('create');
  verb
    .description('Make a token of yours at a server.')
    .option('--description <text>', 'what it is for', '')
    .addOption(
      new Option('--lifetime <span>', 'how long it counts; none: until it is revoked')
        .argParser(orNone(lengthOfTime))
        .default('90d'),
    )
    .addOption(grantOption('what it may be, at most what you are (default: all of that)'))
    .option('--token-out <file>', 'write it there, for this user alone, in place of printing it')
    .example(
      'For a script that saves before an upgrade',
      'holdfast token create --description upgrades --grant operator@prod --token-out token',
    )
    .example('And in that script', 'holdfast snapshot save --cluster prod --server-token-file token')
    .remark('It is told this once.')
    .answers(async (session, options: CreateOptions) =>
      withFleet(session, (fleet) => create(fleet, options)),
    );
  withServer(verb);
}

async function create(fleet: Fleet, options: CreateOptions): Promise<Answer> {
  const { client, session } = fleet;
  const { description, lifetime, grant, tokenOut } = options;
  const ends = lifetime === none ? null : session.io.clock.now().getTime() + spanMs(lifetime);
  const body = {
    description,
    expiresAt: ends === null ? null : new Date(ends).toISOString(),
    grants: grant === undefined ? null : await grantsOf(fleet, grant),
  };
  const { token, ...known } = await client.call('createToken', { body });
  const file = tokenOut === undefined ? undefined : resolve(session.io.cwd, tokenOut);
  if (file !== undefined) await writeSecret(file, `${token}\n`);
  return {
    json: { apiVersion, kind: 'Token', ...known, ...(file === undefined ? { token } : { tokenFile: file }) },
    names: [file ?? token],
    text: (view) => {
      const head = `Token ${known.id}, until ${endWords(known.expiresAt, view)}`;
      return file === undefined
        ? `${head}, which is told this once:\n  ${token}\n`
        : `${head}, is in ${file}\n`;
    },
  };
}
