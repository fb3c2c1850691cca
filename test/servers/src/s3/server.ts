/** The real S3 servers that storage is tested against. */
export const s3Kinds = ['radosgw', 'minio'] as const;

/** One of the real S3 servers that storage is tested against. */
export type S3Kind = (typeof s3Kinds)[number];

/** What signs a request. */
export interface S3Keys {
  readonly accessKey: string;
  readonly secretKey: string;
  /** Of temporary keys only. */
  readonly sessionToken?: string;
}

/** A multipart upload that was neither completed nor aborted. */
export interface OpenUpload {
  readonly key: string;
  readonly uploadId: string;
}

/** How a bucket is made. Object lock brings versioning with it. */
export interface BucketOptions {
  readonly versioning?: boolean;
  readonly objectLock?: boolean;
  /** What is put there is locked for so many days, though nobody asks for it. */
  readonly retention?: { readonly mode: 'GOVERNANCE' | 'COMPLIANCE'; readonly days: number };
}

/** A real S3 server on 127.0.0.1 that checks signatures. `await using` ends it and removes what it stored. */
export interface S3Server extends AsyncDisposable, S3Keys {
  readonly kind: S3Kind;
  /** As https://127.0.0.1:20443, where buckets are addressed by path. As BUCKET.localhost they are addressed by host. */
  readonly endpoint: string;
  /** The same server in plain text. */
  readonly httpEndpoint: string;
  /** PEM of the private CA that signed its certificate. */
  readonly ca: string;
  readonly region: string;
  /** Its process, and those it stands on, by their process ids. */
  readonly pids: readonly number[];
  makeBucket(name: string, options?: BucketOptions): Promise<void>;
  /** Puts an object as any other program would, under whatever key. */
  putObject(
    bucket: string,
    key: string,
    content: Uint8Array,
    metadata?: Readonly<Record<string, string>>,
  ): Promise<void>;
  /** Puts a legal hold on an object of a bucket that locks, as its administrator would. */
  holdObject(bucket: string, key: string): Promise<void>;
  /**
   * Keys that may do only what is said, in this one bucket.
   * @param actions each in full, as s3:GetObject or s3:ListBucket
   */
  limitedUser(bucket: string, actions: readonly string[]): Promise<S3Keys>;
  /** Every open multipart upload of a bucket, those of its administrator's and of limited users alike. */
  uploadsIn(bucket: string): Promise<readonly OpenUpload[]>;
}
