import { Failure, isFailure } from '@holdfast/base';
import type { Probe } from '@holdfast/engine';
import type { Repository } from '@holdfast/repository';
import { withKeys, withPlace } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import type { Place } from '../settings/places.ts';
import { chosenPlace } from '../sources/places.ts';
import { probePlace } from '../sources/probe.ts';
import { tellKeys } from '../sources/key-news.ts';
import { openPlace } from '../sources/repository.ts';
import { apiVersion, type Answer, type View } from '../term/answer.ts';
import { connectionItem, connectionText } from '../view/connection.ts';
import { checkStored, type StoredCheckOptions } from './repo-check-stored.ts';

interface CheckOptions extends StoredCheckOptions {
  readonly connection?: true;
}

export function addRepoCheck(parent: Verb): void {
  const verb = parent.command('check');
  verb
    .description('Find out whether a repository still holds what was stored, and whether it can be reached.')
    .option(
      '--read <what>',
      'stored snapshots to read again: sample (the default), all, none, or a name; may be repeated',
      (what: string, before: readonly string[] | undefined) => [...(before ?? []), what],
    )
    .option('--open', 'also open what is read, which takes a secret key where it is sealed')
    .option('--repair', 'clear away what nobody will finish, and make a lost record of commits anew')
    .option('--yes', 'do not ask; for scripts')
    .option('--connection', 'try the way there: put, read, list, upload and delete an object of its own')
    .example(
      'A bucket',
      'holdfast repo check --connection --repo s3://backups/prod --s3-endpoint s3.example.com',
    )
    .example('Everything, read again and opened', 'holdfast repo check --read all --open --repo /backup')
    .example('For monitoring', 'holdfast repo check --connection --repo offsite -o json')
    .remark(
      'Without --connection it checks the records, the chain of signed manifests of each writer (also against what this client saw before), and that every object is there with its size; and it reads a sample again: the newest snapshot of each cluster and a seventh of the others, another one each day, so that a check each day reads all in a week. Reading needs no key. Damage is recorded, so that the snapshot is called damaged from then on, and the newest snapshot that can still be trusted is named; exit status 4. --repair removes uploads that nobody has written to for a day and what ended writers left; it touches no snapshot.',
    )
    .remark(
      'With --connection each step is told with its outcome; the exit status is that of the first fault: credentials, the right that is missing, network, TLS, clock, bucket or region (docs/reference/errors.md). A server that cannot refuse to overwrite, and clocks that differ without harm, are warnings. Nothing is left behind.',
    )
    .answers(check);
  withKeys(withPlace(verb));
}

async function check(session: Session, options: CheckOptions): Promise<Answer> {
  if (options.connection !== true) return await checkStored(session, options);
  const { read, open, repair } = options;
  if (read !== undefined || open === true || repair === true)
    throw new Failure('usage', '--connection tries the way there alone, without --read, --open and --repair');
  const place = chosenPlace(session);
  // A probe would make the folder.
  const local = 'folder' in place.at ? await openPlace(session, place) : undefined;
  const { orAborted, probeFault, probeWarnings } = await import('@holdfast/engine');
  const probe = await orAborted(probePlace(session, place), session.io.signal);
  for (const text of probeWarnings(probe)) session.warn(text);
  const fault = probeFault(probe);
  const found = local ?? (fault === undefined ? await opened(session, place) : undefined);
  return checkAnswer(place, probe, found, fault);
}

/** What the user was warned of once is not said again. */
async function opened(session: Session, place: Place): Promise<Repository | Failure> {
  try {
    const repository = await openPlace({ ...session, warn: () => {} }, place);
    tellKeys(session, repository);
    return repository;
  } catch (error) {
    if (isFailure(error)) return error;
    throw error;
  }
}

function checkAnswer(
  { name }: Place,
  probe: Probe,
  found: Repository | Failure | undefined,
  fault: Failure | undefined,
): Answer {
  const id = found === undefined || found instanceof Failure ? null : found.record.id;
  const failure = fault ?? (found instanceof Failure ? found : undefined);
  return {
    json: {
      apiVersion,
      kind: 'RepositoryConnection',
      repository: name,
      id,
      ok: failure === undefined,
      ...connectionItem(probe),
    },
    names: failure === undefined ? [name] : [],
    text: (view) => checkText(name, probe, found, view),
    ...(failure && { failure }),
  };
}

function checkText(name: string, probe: Probe, found: Repository | Failure | undefined, view: View): string {
  const { style } = view;
  const state =
    found === undefined
      ? [style('faint', 'not looked for')]
      : found instanceof Failure
        ? [style('bad', 'failed'), `${found.message}: ${found.why}`]
        : [style('good', 'ok'), found.record.id];
  return `${style('strong', name)}\n${connectionText(probe, view, ['  repository', ...state])}`;
}
