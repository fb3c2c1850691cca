import { z } from 'zod';
import { Moment, RepositoryName } from './ids.ts';

/** A bucket, in the words of a configuration file, without anything secret. */
const S3Place = z.strictObject({
  bucket: z.string().min(1),
  folder: z.string().optional(),
  endpoint: z.string().optional(),
  region: z.string().optional(),
  style: z.enum(['auto', 'path', 'virtual-host']).optional(),
  /** PEM. */
  ca: z.string().optional(),
  skipVerify: z.boolean().optional(),
  proxy: z.string().optional(),
  storageClass: z.string().optional(),
  /** As `--s3-encryption`, without `customer`. */
  encryption: z.string().optional(),
  /** As `--s3-lock`. */
  lock: z.string().optional(),
  role: z.strictObject({ arn: z.string(), externalId: z.string().optional() }).optional(),
});

/** What a person says of a repository. */
export const RepositorySpec = z
  .strictObject({
    name: RepositoryName,
    /** A folder of each machine that uses it: the nodes', and the server's where it is mounted there too. */
    path: z.string().startsWith('/').optional(),
    s3: S3Place.optional(),
    /** Whether the server reads it: false for a folder that only nodes have. */
    readByServer: z.boolean().default(true),
  })
  .refine(({ path, s3 }) => (path === undefined) !== (s3 === undefined), 'it needs either path or s3');
export type RepositorySpec = z.infer<typeof RepositorySpec>;

/** What opens a repository. Written, never read back: replies tell only which of them are set. */
export const RepositorySecrets = z.strictObject({
  accessKeyId: z.string().optional(),
  secretAccessKey: z.string().optional(),
  sessionToken: z.string().optional(),
  /** age identities, a line each. */
  identities: z.string().optional(),
  passphrase: z.string().optional(),
  /** The signing key of who saves, as `holdfast repo keys` made it. */
  signingKey: z.string().optional(),
  /** Public keys whose signatures count, a line each. */
  trustedKeys: z.string().optional(),
});
export type RepositorySecrets = z.infer<typeof RepositorySecrets>;

/** A repository of the fleet. */
export const FleetRepository = z.object({
  ...RepositorySpec.shape,
  createdAt: Moment,
  version: z.int().min(1),
  secrets: z.array(z.enum(Object.keys(RepositorySecrets.shape) as [keyof RepositorySecrets])),
  status: z.object({
    /** The repository's own id; null while it was never opened. */
    id: z.string().nullable(),
    /** Null: it was never tried. */
    reachable: z.boolean().nullable(),
    why: z.string(),
    scannedAt: Moment.nullable(),
    snapshots: z.int().min(0),
    storedBytes: z.int().min(0),
  }),
});
export type FleetRepository = z.infer<typeof FleetRepository>;
