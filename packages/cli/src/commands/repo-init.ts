import { Failure } from '@holdfast/base';
import type { Probe } from '@holdfast/engine';
import type { Repository } from '@holdfast/repository';
import type { KeyChange } from '@holdfast/repository/keys';
import { withKeys, withPlace } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import type { Place } from '../settings/places.ts';
import { firstKeys, isSealed, type FirstKeyOptions, type FirstKeys } from '../sources/first-keys.ts';
import { makeRepository } from '../sources/new-repository.ts';
import { chosenPlace } from '../sources/places.ts';
import { probePlace } from '../sources/probe.ts';
import { apiVersion, type Answer, type View } from '../term/answer.ts';
import { pairs } from '../term/table.ts';
import { connectionItem, connectionText } from '../view/connection.ts';

export function addRepoInit(parent: Verb): void {
  const verb = parent.command('init');
  verb
    .description('Make a repository in a folder or a bucket, and say who can read what will be stored there.')
    .option(
      '--recipients-file <file>',
      'seal for the public keys in it (age1…), one a line; may be repeated',
      (file: string, before: readonly string[] | undefined) => [...(before ?? []), file],
    )
    .option('--new-identity <file>', 'make a secret key, keep it in this new file, and seal for it')
    .option(
      '--new-signing-key <file>',
      'make a key that signs, keep it in this new file, and make it the admin',
    )
    .option('--plain', 'seal nothing: who can read the place can read every Secret of the clusters')
    .example(
      'A bucket, sealed for a key that stays elsewhere',
      'holdfast repo init --repo s3://backups/prod --s3-endpoint s3.example.com \\\n      --recipients-file escrow.pub --new-identity /root/holdfast.key',
    )
    .example('A folder on a disk that is encrypted itself', 'holdfast repo init --repo /backup --plain')
    .remark(
      'A bucket is tried out first: put, read, list, upload, delete, and whether the server refuses to overwrite. What is wrong there is named, and then nothing is made. A repository in a bucket is sealed unless --plain says otherwise, for a snapshot holds every Secret. --passphrase-file (or HOLDFAST_PASSPHRASE) seals for a new key that lies in the repository itself and that the passphrase opens; --signing-key makes that key the admin, who signs what is stored and changes of the keys. Losing every secret key and passphrase loses all that was sealed for them: keep one elsewhere.',
    )
    .answers(init);
  withKeys(withPlace(verb));
}

async function init(session: Session, options: FirstKeyOptions): Promise<Answer> {
  const place = chosenPlace(session);
  const keys = await firstKeys(session, options);
  if ('s3' in place.at && !isSealed(keys) && options.plain !== true) {
    throw new Failure(
      'usage',
      'a snapshot holds every Secret of its cluster, and others can read a bucket: seal it (--new-identity FILE, --recipients-file FILE or --passphrase-file FILE), or say --plain',
    );
  }
  const { orAborted, probeFault, probeWarnings } = await import('@holdfast/engine');
  const { signal } = session.io;
  const probe = 's3' in place.at ? await orAborted(probePlace(session, place), signal) : undefined;
  for (const text of probe === undefined ? [] : probeWarnings(probe)) session.warn(text);
  const fault = probe && probeFault(probe);
  if (fault !== undefined) return refusedAnswer(place, probe!, fault);
  const { repository, change } = await makeRepository(session, place, keys);
  return initAnswer(place, repository, change, keys, probe);
}

/** The place is not fit; the steps show how far it went. */
function refusedAnswer({ name }: Place, probe: Probe, failure: Failure): Answer {
  return {
    json: {
      apiVersion,
      kind: 'RepositoryConnection',
      repository: name,
      id: null,
      ok: false,
      ...connectionItem(probe),
    },
    names: [],
    text: (view) => `${view.style('strong', name)}\n${connectionText(probe, view)}`,
    failure,
  };
}

function initAnswer(
  { name }: Place,
  { record }: Repository,
  change: KeyChange | undefined,
  keys: FirstKeys,
  probe: Probe | undefined,
): Answer {
  const { recipients = [], signers = [] } = change?.list ?? {};
  return {
    json: {
      apiVersion,
      kind: 'Repository',
      repository: name,
      id: record.id,
      createdAt: record.createdAt,
      recipients: recipients.map(({ key, name }) => ({ key, name })),
      signers: signers.map(({ keyid, name, role }) => ({ keyid, name, role })),
      connection: probe === undefined ? null : connectionItem(probe),
    },
    names: [name],
    text: (view) =>
      `${view.style('good', 'made')} repository ${name}\n${
        probe === undefined ? '' : connectionText(probe, view)
      }${pairs(
        [
          ['id', record.id],
          [
            'sealed for',
            recipients.map(({ key, name }) => `${name} (${key})`).join(', ') || 'nobody: it is plain',
          ],
          ['signed by', signers.map(({ keyid, name }) => `${name} (${keyid})`).join(', ') || 'nobody'],
        ],
        '  ',
      )}${careText(keys, view)}`,
  };
}

/** Files that nobody can make again. */
function careText({ newIdentity, newSigningKey }: FirstKeys, { style }: View): string {
  const care = style('doubtful', '!');
  return [
    newIdentity &&
      `${care} ${newIdentity} opens what will be stored. Keep a copy elsewhere: without it nothing can be read.\n`,
    newSigningKey &&
      `${care} ${newSigningKey} signs for the repository. Keep it from others, and a copy elsewhere.\n`,
  ]
    .filter(Boolean)
    .join('');
}
