import { resolve } from 'node:path';
import { withServer } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import { withFleet, type Fleet } from '../remote/connection.ts';
import { writeSecret } from '../remote/logins.ts';
import { apiVersion, type Answer } from '../term/answer.ts';

interface ExportOptions {
  readonly out: string;
}

export function addUserExport(parent: Verb): void {
  const verb = parent.command('export');
  verb
    .description('Write the users of a server with their grants and hashed passwords, for a new server.')
    .requiredOption('--out <file>', 'the file, which only you can read; one that is there is replaced')
    .example('Each night, beside the audit log', 'holdfast user export --out people.json')
    .remark(
      'Grants name their clusters, so that a new server knows them by other ids. Tokens are not in it: each is made anew. Keep it as you keep a password file.',
    )
    .answers(async (session, options: ExportOptions) =>
      withFleet(session, (fleet) => exported(fleet, options)),
    );
  withServer(verb);
}

async function exported({ client, session, url }: Fleet, { out }: ExportOptions): Promise<Answer> {
  const path = resolve(session.io.cwd, out);
  const people = await client.call('exportPeople');
  await writeSecret(path, `${JSON.stringify(people, null, 2)}\n`);
  const { users } = people;
  const count = Array.isArray(users) ? users.length : 0;
  return {
    json: { apiVersion, kind: 'UserExport', server: url, path, users: count },
    names: [path],
    text: () => `${count} users of ${url} are in ${path}\n`,
  };
}
