import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  ListMultipartUploadsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectLockConfigurationCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { makeCertificates } from '../cluster/certificates.ts';
import { region, s3Client } from './client.ts';
import { startMinio } from './minio.ts';
import { startRadosgw } from './radosgw.ts';
import type { BucketOptions, OpenUpload, S3Kind, S3Server } from './server.ts';

/**
 * Starts a real S3 server with a certificate of a private CA, and waits until it answers. It ends with this process at
 * the latest. Throws PartUnavailable where it cannot be had.
 * @param folder in which it makes a folder of its own; the system's for temporary files if not said
 */
export async function s3Server(kind: S3Kind, { folder }: { folder?: string } = {}): Promise<S3Server> {
  const own = await mkdtemp(join(folder ?? tmpdir(), `holdfast-${kind}-`));
  const remove = (): Promise<void> => rm(own, { recursive: true, force: true });
  try {
    const certificates = await makeCertificates(join(own, 'tls'));
    const ca = await readFile(certificates.cacert, 'utf8');
    const start = kind === 'radosgw' ? startRadosgw : startMinio;
    const running = await start(own, certificates);
    const client = s3Client(running.endpoint, ca, running.keys);
    return {
      kind,
      endpoint: running.endpoint,
      httpEndpoint: running.httpEndpoint,
      ca,
      region,
      ...running.keys,
      pids: running.processes.map(({ pid }) => pid),
      makeBucket: async (name, options) => makeBucket(client, name, options),
      putObject: async (bucket, key, content, metadata = {}) => {
        const command = new PutObjectCommand({ Bucket: bucket, Key: key, Body: content, Metadata: metadata });
        await client.send(command);
      },
      holdObject: async (bucket, key) => {
        const LegalHold = { Status: 'ON' } as const;
        await client.send(new PutObjectLegalHoldCommand({ Bucket: bucket, Key: key, LegalHold }));
      },
      limitedUser: async (bucket, actions) => running.limitedUser(bucket, actions),
      uploadsIn: async (bucket) => uploadsIn(client, bucket),
      async [Symbol.asyncDispose]() {
        client.destroy();
        await running.stop();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function makeBucket(
  client: S3Client,
  name: string,
  { versioning = false, objectLock = false, retention }: BucketOptions = {},
): Promise<void> {
  await client.send(
    new CreateBucketCommand({ Bucket: name, ...(objectLock ? { ObjectLockEnabledForBucket: true } : {}) }),
  );
  if (retention !== undefined) {
    const Rule = { DefaultRetention: { Mode: retention.mode, Days: retention.days } };
    const ObjectLockConfiguration = { ObjectLockEnabled: 'Enabled', Rule } as const;
    await client.send(new PutObjectLockConfigurationCommand({ Bucket: name, ObjectLockConfiguration }));
  }
  if (!versioning) return;
  const VersioningConfiguration = { Status: 'Enabled' } as const;
  await client.send(new PutBucketVersioningCommand({ Bucket: name, VersioningConfiguration }));
}

async function uploadsIn(client: S3Client, bucket: string): Promise<OpenUpload[]> {
  const found: OpenUpload[] = [];
  let from: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {};
  for (;;) {
    const page = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket, ...from }));
    for (const { Key: key = '', UploadId: uploadId = '' } of page.Uploads ?? [])
      found.push({ key, uploadId });
    if (page.IsTruncated !== true) return found;
    from = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
  }
}
