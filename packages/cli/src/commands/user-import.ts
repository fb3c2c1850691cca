import { resolve } from 'node:path';
import { Failure } from '@holdfast/base';
import { z } from 'zod';
import { withServer } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import { withFleet, type Fleet } from '../remote/connection.ts';
import { readSecretFile } from '../sources/secret-file.ts';
import { apiVersion, type Answer } from '../term/answer.ts';

export function addUserImport(parent: Verb): void {
  const verb = parent.command('import');
  verb
    .description(
      'Take over the users that another server has exported. Those who are there stay as they are.',
    )
    .argument('<file>', 'what `holdfast user export` has written')
    .example('After its clusters were added to a new server', 'holdfast user import people.json')
    .remark('Grants in clusters that the server does not have are left out, and those clusters are named.')
    .answers(async (session, _options, file) => withFleet(session, (fleet) => imported(fleet, file)));
  withServer(verb);
}

async function imported({ client, session }: Fleet, file: string): Promise<Answer> {
  const body = parse(await readSecretFile(resolve(session.io.cwd, file)));
  const done = await client.call('importPeople', { body });
  const { added, kept, unknownClusters } = done;
  if (unknownClusters.length > 0)
    session.warn(
      `grants in clusters that the server does not have were left out: ${unknownClusters.join(', ')}`,
    );
  return {
    json: { apiVersion, kind: 'UserImport', ...done },
    names: added,
    text: () =>
      `Added ${added.join(', ') || 'nobody'}\n${kept.length === 0 ? '' : `Left as they are: ${kept.join(', ')}\n`}`,
  };
}

/** @throws Failure import-invalid, without what is in it */
function parse(text: string): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch {
    throw new Failure('import-invalid', 'it is no JSON object');
  }
}
