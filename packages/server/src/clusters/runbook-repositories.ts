import { stringify } from 'yaml';
import type { StoredCluster } from '../store/clusters.ts';
import type { StoredPolicy } from '../store/policies.ts';
import { repositoryNames } from './repositories-given.ts';
import type { StoredRepository } from '../store/repositories.ts';

/** The repositories that hold snapshots of a cluster, by what it and its policies say; its own come first. */
export function repositoriesOf(
  cluster: Pick<StoredCluster, 'spec'>,
  policies: readonly StoredPolicy[],
  all: readonly StoredRepository[],
): StoredRepository[] {
  return [...repositoryNames(cluster, policies)].flatMap(
    (name) => all.find((each) => each.name === name) ?? [],
  );
}

/** The configuration file of the command line that reaches them; secrets are files that it names. */
export function configurationFile(cluster: string, used: readonly StoredRepository[]): string {
  const repositories = Object.fromEntries(used.map((each) => [each.name, placeOf(each)]));
  const keys = {
    ...(has(used, 'identities') ? { identityFile: '/root/holdfast/identities.txt' } : {}),
    ...(has(used, 'passphrase') ? { passphraseFile: '/root/holdfast/passphrase' } : {}),
    ...(has(used, 'trustedKeys') ? { trusted: '/root/holdfast/trusted-keys' } : {}),
  };
  return stringify({
    cluster,
    ...(used.length === 0 ? {} : { repositories }),
    ...(Object.keys(keys).length === 0 ? {} : { keys }),
  }).trimEnd();
}

function placeOf({ name, spec, secretNames }: StoredRepository): Record<string, unknown> {
  if (spec.s3 === undefined) return { path: spec.path };
  const isKeyed = secretNames.includes('accessKeyId');
  return { s3: { ...spec.s3, ...(isKeyed ? { credentialsFile: credentialsOf(name) } : {}) } };
}

function has(used: readonly StoredRepository[], secret: StoredRepository['secretNames'][number]): boolean {
  return used.some(({ secretNames }) => secretNames.includes(secret));
}

const credentialsOf = (name: string): string => `/root/holdfast/${name}-credentials`;

/** What opens them, and where it is put: none of it can be read back from the server. */
export function keyRows(used: readonly StoredRepository[]): string[] {
  return used.flatMap(({ name, spec, secretNames, repositoryId }) => [
    `- Repository ${name}${repositoryId === null ? '' : ` (id ${repositoryId})`}: ${addressOf(spec)}.`,
    ...(spec.s3 !== undefined && secretNames.includes('accessKeyId')
      ? [
          `- Its access key: \`${credentialsOf(name)}\`, mode 0600, with the lines \`aws_access_key_id=…\` and \`aws_secret_access_key=…\`.`,
        ]
      : []),
    ...(secretNames.includes('identities')
      ? [
          `- A secret key that opens its sealed snapshots: \`/root/holdfast/identities.txt\`, mode 0600, as age-keygen writes it.`,
        ]
      : []),
    ...(secretNames.includes('passphrase')
      ? [`- Its passphrase: \`/root/holdfast/passphrase\`, mode 0600.`]
      : []),
    ...(secretNames.includes('trustedKeys')
      ? [`- The public keys that are trusted: \`/root/holdfast/trusted-keys\`.`]
      : []),
  ]);
}

function addressOf({ path, s3 }: StoredRepository['spec']): string {
  if (s3 === undefined) return `the folder \`${path}\``;
  const where = s3.endpoint === undefined ? '' : ` at ${s3.endpoint}`;
  return `\`s3://${[s3.bucket, s3.folder].filter((part) => part !== undefined).join('/')}\`${where}`;
}
