import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { makeCertificates } from '../cluster/certificates.ts';
import type { Host } from '../hosts/host.ts';
import { region, s3Client } from './client.ts';
import { minioEnvironment, minioKeys } from './minio.ts';
import { minioCommand } from './obtain-minio.ts';
import { untilAnswering } from './running.ts';
import type { S3Keys } from './server.ts';

/** A MinIO on a machine of its own, whose disk it fills. It ends with its machine. */
export interface HostedMinio extends S3Keys {
  readonly endpoint: string;
  /** PEM. */
  readonly ca: string;
  readonly region: string;
}

/** Starts a MinIO with TLS on a machine, and makes a bucket. */
export async function minioOn(host: Host, bucket: string): Promise<HostedMinio> {
  const at = (name: string): string => join(host.disk, name);
  const { serverCert, serverKey, cacert } = await makeCertificates(at('tls'), host.address);
  await mkdir(at('certs'));
  await copyFile(serverCert, join(at('certs'), 'public.crt'));
  await copyFile(serverKey, join(at('certs'), 'private.key'));
  const ca = await readFile(cacert, 'utf8');
  const keys = minioKeys();
  const endpoint = `https://${host.address}:9000`;
  const command = [await minioCommand((line) => console.error(line)), 'server', '--quiet'] as const;
  const server = await host.start(
    [...command, `--address=${host.address}:9000`, `--certs-dir=${at('certs')}`, at('data')],
    { logFile: at('minio.log'), env: minioEnvironment(host.disk, keys) },
  );
  await untilAnswering(`${endpoint}/minio/health/ready`, ca, server, at('minio.log'));
  const client = s3Client(endpoint, ca, keys);
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  client.destroy();
  return { endpoint, ca, region, ...keys };
}
