import { randomUUID } from 'node:crypto';
import { systemClock, type Clock } from '@holdfast/base';
import type { S3Keys, S3Server } from '@holdfast/test-servers';
import type { ObjectWriter, Storage } from '../../storage.ts';
import type { OpenS3Options } from '../open.ts';
import type { S3Credentials, S3Settings } from '../settings.ts';

/** Keys as settings have them. */
export function credentialsOf({ accessKey, secretKey, sessionToken }: S3Keys): S3Credentials {
  return {
    accessKeyId: accessKey,
    secretAccessKey: secretKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
  };
}

/** What a user of a test server would set, with a folder of its own each time. */
export function settingsOf(server: S3Server, bucket: string): S3Settings {
  return {
    bucket,
    folder: `tests/${randomUUID()}`,
    endpoint: server.endpoint,
    region: server.region,
    ca: server.ca,
    credentials: credentialsOf(server),
    partBytes: 5 << 20,
  };
}

/** Options without surroundings: no proxy, no warnings. */
export const quiet: OpenS3Options = { random: () => 0.5, variables: {}, warn: () => {} };

/** Waits a hundredth of what it is asked to: for tests of which pauses between attempts are no part. */
export const hurried: Clock = {
  ...systemClock,
  sleep: (ms, signal) => systemClock.sleep(ms / 100, signal),
};

/** All bytes of an object. */
export async function readAll(storage: Storage, key: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of storage.read(key)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Begins a large object and writes all of it. */
export async function writeAll(
  storage: Storage,
  key: string,
  content: Uint8Array,
  resume?: string,
): Promise<ObjectWriter> {
  const writer = await storage.create(key, resume);
  await writer.write(content);
  return writer;
}
