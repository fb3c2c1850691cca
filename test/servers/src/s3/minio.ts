import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import type { ClusterCertificates } from '../cluster/certificates.ts';
import { freePort, reservePort } from '../cluster/ports.ts';
import { startServer } from '../cluster/server-process.ts';
import { region } from './client.ts';
import { minioCommand } from './obtain-minio.ts';
import { relayToTls } from './plain-relay.ts';
import { allowIn, policyOf } from './policy.ts';
import { killAll, type RunningS3, untilAnswering } from './running.ts';
import type { S3Keys } from './server.ts';

/** What its only key for encryption is called; all is encrypted with it that is asked to be encrypted by the server. */
const kmsKey = 'holdfast-test';

/** Starts a MinIO with one folder. It speaks TLS alone: a relay of ours speaks plain text in front of it. */
export async function startMinio(folder: string, certificates: ClusterCertificates): Promise<RunningS3> {
  const command = await minioCommand((line) => console.error(line));
  const keys = minioKeys();
  const at = (name: string): string => join(folder, name);
  await mkdir(at('certs'));
  await copyFile(certificates.serverCert, join(at('certs'), 'public.crt'));
  await copyFile(certificates.serverKey, join(at('certs'), 'private.key'));
  const ca = await readFile(certificates.cacert, 'utf8');
  const port = await reservePort();
  const address = `127.0.0.1:${port}`;
  const endpoint = `https://${address}`;
  const server = await startServer(
    command,
    ['server', '--quiet', `--address=${address}`, `--certs-dir=${at('certs')}`, at('data')],
    { logFile: at('minio.log'), env: minioEnvironment(folder, keys), detached: false },
  );
  const relay = await relayToTls(port, ca);
  const stop = async (): Promise<void> => {
    await relay[Symbol.asyncDispose]();
    await killAll([server]);
    freePort(port);
  };
  try {
    await untilAnswering(`${endpoint}/minio/health/ready`, ca, server, at('minio.log'));
  } catch (error) {
    await stop();
    throw error;
  }
  const limitedUser = async (bucket: string, actions: readonly string[]): Promise<S3Keys> =>
    temporaryKeys(endpoint, ca, keys, policyOf([allowIn(bucket, actions)]));
  return { endpoint, httpEndpoint: relay.endpoint, keys, processes: [server], limitedUser, stop };
}

/** Keys that nobody else has. */
export function minioKeys(): S3Keys {
  return { accessKey: randomBytes(8).toString('hex'), secretKey: randomBytes(20).toString('hex') };
}

/** CI: a folder of the system's own disk will do. It asks nobody whether there is a newer one. */
export function minioEnvironment(folder: string, keys: S3Keys): NodeJS.ProcessEnv {
  const others = Object.entries(process.env).filter(
    ([name]) => !/^(MINIO|HTTPS?_PROXY|https?_proxy)/.test(name),
  );
  return {
    ...Object.fromEntries(others),
    HOME: folder,
    MINIO_ROOT_USER: keys.accessKey,
    MINIO_ROOT_PASSWORD: keys.secretKey,
    MINIO_REGION: region,
    MINIO_DOMAIN: 'localhost',
    MINIO_BROWSER: 'off',
    MINIO_UPDATE: 'off',
    MINIO_CI_CD: 'on',
    MINIO_KMS_SECRET_KEY: `${kmsKey}:${randomBytes(32).toString('base64')}`,
  };
}

/** By STS, with a policy of the session: keys that may do less than the ones that asked for them. MinIO looks at no role. */
async function temporaryKeys(endpoint: string, ca: string, keys: S3Keys, policy: string): Promise<S3Keys> {
  const { accessKeyId, secretAccessKey, sessionToken } = await fromTemporaryCredentials({
    masterCredentials: { accessKeyId: keys.accessKey, secretAccessKey: keys.secretKey },
    params: { RoleArn: 'arn:aws:iam:::role/limited', RoleSessionName: 'limited', Policy: policy },
    clientConfig: { endpoint, region, requestHandler: { httpsAgent: { ca } } },
  })();
  return {
    accessKey: accessKeyId,
    secretKey: secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
  };
}
