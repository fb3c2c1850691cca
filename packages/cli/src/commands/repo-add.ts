import { randomUUID } from 'node:crypto';
import { Failure } from '@holdfast/base';
import type { FleetRepository, RepositorySecrets, RepositorySpec } from '@holdfast/model/fleet';
import { withKeys, withPlace, withServer } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import { withFleet } from '../remote/connection.ts';
import type { Session } from '../session.ts';
import type { Place } from '../settings/places.ts';
import { chosenPlace } from '../sources/places.ts';
import { s3SettingsOf } from '../sources/s3.ts';
import { readSecretFile, readSecretLine } from '../sources/secret-file.ts';
import { apiVersion, type Answer } from '../term/answer.ts';

interface AddOptions {
  readonly create?: true;
  readonly nodesOnly?: true;
}

export function addRepoAdd(parent: Verb): void {
  const verb = parent.command('add');
  verb
    .description(
      'Tell a server of a repository, with what opens it; its agents get to know it by the server.',
    )
    .argument('<name>', 'what the server calls it')
    .option('--create', 'make one where there is none')
    .option('--nodes-only', 'the server has not mounted this folder: its nodes alone read and write it')
    .example(
      'A folder that server and nodes have mounted',
      'holdfast repo add main --repo /mnt/backup --create --server https://holdfast.example:9443',
    )
    .example(
      'A sealed bucket: the nodes sign, and cannot read back',
      'holdfast repo add main --repo s3://backups/prod --s3-endpoint s3.example.com \\\n      --s3-credentials-file credentials --signing-key signing.pem --server https://holdfast.example:9443',
    )
    .remark(
      'Credentials and keys are read from their files and sent over TLS; the server seals what it keeps of them, and never tells them again but to agents of clusters that use the repository. Without credentials, server and nodes use what their machines give them.',
    )
    .answers(add);
  withServer(withKeys(withPlace(verb)));
}

async function add(session: Session, options: AddOptions, name: string): Promise<Answer> {
  const place = chosenPlace(session);
  const readByServer = options.nodesOnly !== true;
  const body = {
    spec: await specOf(place, name, readByServer),
    secrets: await secretsOf(session, place),
    create: options.create === true,
  };
  return await withFleet(session, async ({ client }) =>
    addedAnswer(await client.call('createRepository', { body, idempotencyKey: randomUUID() })),
  );
}

async function specOf({ at }: Place, name: string, readByServer: boolean): Promise<RepositorySpec> {
  if ('folder' in at) return { name, path: at.folder, readByServer };
  const { bucket, folder, endpoint, region, style, skipVerify, proxy, role } = at.s3;
  const { storageClass, encryption, lock } = at.s3;
  if (encryption?.startsWith('customer') === true)
    throw new Failure('usage', 'a server takes no key of --s3-encryption customer: use sse-s3 or kms');
  const { ca } = await s3SettingsOf(at.s3);
  const text = { folder, endpoint, region, style, skipVerify, proxy, storageClass, encryption, lock };
  const given = Object.fromEntries(Object.entries(text).filter(([, value]) => value !== undefined));
  const assumed = role === undefined ? {} : { role: { arn: role.arn, externalId: role.externalId } };
  return { name, s3: { bucket, ...given, ...assumed, ...(ca !== undefined && { ca }) }, readByServer };
}

async function secretsOf({ settings }: Session, { at }: Place): Promise<RepositorySecrets> {
  const { identityFile, passphraseFile, passphrase, signingKey, trustedKeys } = settings;
  const credentials = 's3' in at ? (await s3SettingsOf(at.s3)).credentials : undefined;
  const sealing = passphraseFile === undefined ? passphrase : await readSecretLine(passphraseFile);
  return {
    ...credentials,
    ...(identityFile !== undefined && { identities: await readSecretFile(identityFile) }),
    ...(sealing !== undefined && { passphrase: sealing }),
    ...(signingKey !== undefined && { signingKey: await readSecretFile(signingKey) }),
    ...(trustedKeys !== undefined && { trustedKeys: await readSecretFile(trustedKeys) }),
  };
}

function addedAnswer(repository: FleetRepository): Answer {
  const { name, path, s3, secrets, status } = repository;
  const at = path ?? `s3://${[s3?.bucket, s3?.folder].filter(Boolean).join('/')}`;
  const kept = secrets.length === 0 ? 'no secrets' : secrets.join(', ');
  return {
    json: { apiVersion, kind: 'FleetRepository', ...repository },
    names: [name],
    text: (view) =>
      `${view.style('good', 'added')} repository ${name} at ${at} (${status.id ?? 'not opened yet'}); the server keeps ${kept}\n`,
  };
}
