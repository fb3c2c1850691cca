import { withPolicyFile } from '../program/options.ts';
import { overServer } from '../program/over-server.ts';
import type { Verb } from '../program/verb.ts';
import { withFleet } from '../remote/connection.ts';
import type { Session } from '../session.ts';
import { policyNamed } from '../sources/policy-named.ts';
import { apiVersion, type Answer } from '../term/answer.ts';
import { confirm } from '../term/confirm.ts';

interface RemoveOptions {
  readonly yes?: true;
}

export function addPolicyRemove(parent: Verb): void {
  const verb = parent.command('remove');
  verb
    .description('Remove a policy. Its snapshots stay, and are no longer thinned out.')
    .argument('<policy>', 'its exact name')
    .option('--yes', 'do not ask; for scripts')
    .example('With a question', 'holdfast policy remove office')
    .answers(remove);
  withPolicyFile(verb);
  overServer(verb, { takes: ['yes'] }, async (session, options: RemoveOptions, name) => {
    const { removePolicy } = await import('../remote/policies.ts');
    return withFleet(session, (fleet) => removePolicy(fleet, options, name));
  });
}

async function remove(session: Session, { yes }: RemoveOptions, name: string): Promise<Answer> {
  const path = session.settings.policyFile;
  await policyNamed(session, name);
  if (yes !== true) {
    await confirm(
      session.io,
      `No snapshots will be made for policy ${name} any more, and none of its deleted.`,
      name,
    );
  }
  const { changePolicy } = await import('@holdfast/engine');
  await changePolicy(path, name, () => undefined, session.io.clock);
  return {
    json: { apiVersion, kind: 'PolicyRemove', name, path },
    names: [name],
    text: () => `Removed ${name} from ${path}\n`,
  };
}
