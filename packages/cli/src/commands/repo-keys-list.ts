import { withKeys, withPlace } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import { openRepository } from '../sources/repository.ts';
import type { Answer } from '../term/answer.ts';
import { keysAnswer } from '../view/keys.ts';

export function addKeysList(parent: Verb): void {
  const verb = parent.command('list');
  verb
    .description('List the keys of a repository: who can read what is stored, and who signs.')
    .example('All of them', 'holdfast repo keys list --repo s3://backups/prod')
    .example(
      'Those that an older state may not undo, for scripts',
      'holdfast repo keys list --repo /backup --json',
    )
    .remark(
      'A reader can open what is stored. A writer signs what it stores; an admin signs changes of the keys too. Compare the keys with the recovery kit when a machine sees a repository for the first time.',
    )
    .answers(list);
  withKeys(withPlace(verb));
}

async function list(session: Session): Promise<Answer> {
  return keysAnswer(await openRepository(session));
}
