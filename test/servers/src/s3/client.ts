import { Agent } from 'node:https';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { S3Keys } from './server.ts';

/** The region that every server is told to be in. */
export const region = 'us-east-1';

/** A client of Amazon's for one of the servers. Its newer checksums, which older servers refuse, are off. */
export function s3Client(endpoint: string, ca: string, keys: S3Keys, more: S3ClientConfig = {}): S3Client {
  return new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    credentials: {
      accessKeyId: keys.accessKey,
      secretAccessKey: keys.secretKey,
      ...(keys.sessionToken === undefined ? {} : { sessionToken: keys.sessionToken }),
    },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // An agent, not its options: those are forgotten for every request that waits for 100-continue.
    requestHandler: { httpsAgent: new Agent({ ca, keepAlive: true }) },
    ...more,
  });
}
