import { randomUUID } from 'node:crypto';
import type { S3Keys, S3Server } from '@holdfast/test-servers';
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
