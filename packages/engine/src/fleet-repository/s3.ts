import { Failure } from '@holdfast/base';
import type { RepositorySecrets, RepositorySpec } from '@holdfast/model/fleet';
import type { S3Encryption, S3Lock, S3Settings } from '@holdfast/repository';
import { parseEncryption, parseLock } from '@holdfast/repository/s3-words';

/**
 * The settings of a repository's bucket. Without keys among the secrets, those of the machine count, as AWS's own tools
 * look for them: variables, files, web identity, container, instance.
 *
 * @throws Failure config-invalid: a word of the description is none, or one of the two keys is missing
 */
export function fleetS3(
  spec: Pick<RepositorySpec, 'name'> & { readonly s3: NonNullable<RepositorySpec['s3']> },
  secrets: RepositorySecrets,
): S3Settings {
  const { bucket, folder, endpoint, region, style, ca, skipVerify, proxy, storageClass, role } = spec.s3;
  const { encryption, lock } = spec.s3;
  const { accessKeyId, secretAccessKey, sessionToken } = secrets;
  const withKeys = accessKeyId !== undefined || secretAccessKey !== undefined;
  return {
    bucket,
    ...(folder !== undefined && { folder }),
    ...(endpoint !== undefined && { endpoint }),
    ...(region !== undefined && { region }),
    ...(style !== undefined && { style }),
    ...(ca !== undefined && { ca }),
    ...(skipVerify !== undefined && { skipVerify }),
    ...(proxy !== undefined && { proxy }),
    ...(storageClass !== undefined && { storageClass }),
    ...(role !== undefined && {
      role: { arn: role.arn, ...(role.externalId !== undefined && { externalId: role.externalId }) },
    }),
    ...(encryption !== undefined && { encryption: encryptionOf(encryption, spec.name) }),
    ...(lock !== undefined && { lock: read(() => parseLock(lock), 'lock', spec.name) }),
    ...(withKeys && {
      credentials: {
        accessKeyId: accessKeyId ?? '',
        secretAccessKey: secretAccessKey ?? '',
        ...(sessionToken !== undefined && { sessionToken }),
      },
    }),
  };
}

function encryptionOf(text: string, name: string): S3Encryption {
  const word = read(() => parseEncryption(text), 'encryption', name);
  if (word.kind !== 'customer') return word;
  throw invalid(name, 'encryption: customer needs a file, and what a fleet uses has none: choose s3 or kms');
}

function read<Word extends S3Lock | ReturnType<typeof parseEncryption>>(
  parse: () => Word,
  field: string,
  name: string,
): Word {
  try {
    return parse();
  } catch (error) {
    throw invalid(name, `${field}: ${(error as RangeError).message}`);
  }
}

function invalid(name: string, why: string): Failure {
  return new Failure('config-invalid', why, { source: `of repository ${name}` });
}
