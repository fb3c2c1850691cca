import { Failure } from '@holdfast/base';
import { withKeys, withPlace } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import { changeableKeys, findKey, type FoundKey } from '../sources/key-place.ts';
import type { Answer } from '../term/answer.ts';
import { confirm } from '../term/confirm.ts';
import { keyChangeAnswer } from '../view/keys.ts';

interface RemoveOptions {
  readonly revoke?: true;
  readonly last?: true;
  readonly yes?: true;
  readonly dryRun?: true;
}

export function addKeysRemove(parent: Verb): void {
  const verb = parent.command('remove');
  verb
    .description('Let a key no longer read what will be stored, or no longer sign.')
    .argument('<key>', 'its name, or the whole key as `repo keys list` prints it')
    .option(
      '--revoke',
      'a key that signs and may be in wrong hands: nothing that it ever signed counts any more',
    )
    .option(
      '--last',
      'even the last one that reads, or the last admin: nothing is sealed, or signed, from then on',
    )
    .option('--yes', 'do not ask; for scripts')
    .option('--dry-run', 'say what would change, and do nothing')
    .example('Somebody leaves', 'holdfast repo keys remove alice --signing-key ops.pem')
    .example('A node was broken into', 'holdfast repo keys remove node1 --revoke --signing-key ops.pem')
    .remark(
      'What is stored already can be opened with a removed key for ever. Where that matters, change the Secrets that are in it. What a revoked key has signed must be signed by another one, or taken with --require any.',
    )
    .answers(async (session, options: RemoveOptions, key) => remove(session, options, key));
  withKeys(withPlace(verb));
}

async function remove(session: Session, options: RemoveOptions, word: string): Promise<Answer> {
  const { removeKey, removeSigner } = await import('@holdfast/repository/keys');
  const keys = await changeableKeys(session, options.dryRun === true);
  const found = findKey(keys, word);
  if (found.kind === 'reader' && options.revoke === true)
    throw new Failure('usage', `--revoke is about keys that sign, and ${found.name} reads`);
  const last = options.last === true;
  const how = options.revoke === true ? 'revoke' : 'retire';
  const change = (place: typeof keys.place) =>
    found.kind === 'reader'
      ? removeKey(place, { key: found.key, last })
      : removeSigner(place, { keyid: found.key, how, last });
  // What cannot be done is refused before anybody is asked.
  const tried = await change({ ...keys.place, dryRun: true });
  if (options.dryRun === true) return keyChangeAnswer(keys, tried, true);
  if (options.yes !== true) await confirm(session.io, question(found, how), found.name);
  return keyChangeAnswer(keys, await change(keys.place), false);
}

function question({ kind, name, key }: FoundKey, how: 'retire' | 'revoke'): string {
  if (kind === 'reader') return `What is stored from now on can no longer be opened with ${name} (${key}).`;
  return how === 'retire'
    ? `${name} (${key}) signs nothing any more; what it has signed still counts.`
    : `Nothing that ${name} (${key}) has signed counts any more: snapshots that nobody else has signed are not restored.`;
}
