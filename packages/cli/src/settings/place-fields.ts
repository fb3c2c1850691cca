/** How a field of a configured repository is written. */
export type FieldForm =
  | 'text'
  | 'path'
  | 'boolean'
  | 'count'
  | 'bytes'
  | 'role'
  | 'encryption'
  | 'lock'
  | 'proxy'
  | 'style'
  | 'conditions';

/** A field of a configured repository. */
export interface PlaceField {
  readonly form: FieldForm;
  readonly what: string;
}

/** What may stand below `repositories.NAME.s3`. The reading of the file and docs/reference/config.md follow it. */
export const s3Fields = {
  bucket: { form: 'text', what: 'name of the bucket; needed' },
  folder: { form: 'text', what: 'folder in it, as a/b; none for the whole bucket' },
  endpoint: { form: 'text', what: 'host, host:port or URL of the server; AWS itself if not set' },
  region: { form: 'text', what: 'region of the bucket' },
  style: { form: 'style', what: 'auto, path or virtual-host: where the bucket is named' },
  caFile: {
    form: 'path',
    what: 'CA certificates that the server is trusted by, beside the usual ones (PEM)',
  },
  ca: { form: 'text', what: 'the same in this file: PEM, or base64 of it' },
  skipVerify: { form: 'boolean', what: 'trust whoever answers; for tests only' },
  proxy: { form: 'proxy', what: 'URL of the proxy without a login, or none' },
  credentialsFile: { form: 'path', what: 'file that holds the access key and the secret key' },
  role: {
    form: 'role',
    what: 'ARN of a role that is assumed; or arn, externalId, sessionName and endpoint (of the token service)',
  },
  encryption: { form: 'encryption', what: 's3, kms, kms:KEYID or customer:FILE' },
  storageClass: { form: 'text', what: 'as the server calls it' },
  lock: { form: 'lock', what: 'governance:30d, compliance:30d, or until a date' },
  partSize: { form: 'bytes', what: 'bytes of a part of an upload, at least 5 MiB' },
  parallel: { form: 'count', what: 'parts of one upload on their way at once' },
  conditionalWrites: {
    form: 'conditions',
    what: 'probe (the default), or none for a server that only seems to know them',
  },
} as const satisfies Record<string, PlaceField>;

/** What may stand below `repositories.NAME.limits`. */
export const limitFields = {
  uploadPerSecond: { form: 'bytes', what: 'bytes that are written per second' },
  downloadPerSecond: { form: 'bytes', what: 'bytes that are read per second' },
  concurrency: { form: 'count', what: 'requests, or reads and writes of files, at once' },
} as const satisfies Record<string, PlaceField>;
