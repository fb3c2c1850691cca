import type { Setting } from './table.ts';

/** How buckets named by an address (`s3://bucket/folder`) are reached and written to: rows of the table of settings. */
export const s3Settings = {
  s3Endpoint: {
    form: 'text',
    flag: '--s3-endpoint',
    variable: 'HOLDFAST_S3_ENDPOINT',
    file: 's3.endpoint',
    what: 'host, host:port or URL of the server; AWS itself if not set',
  },
  s3Region: {
    form: 'text',
    flag: '--s3-region',
    variable: 'HOLDFAST_S3_REGION',
    file: 's3.region',
    what: 'region of the bucket',
  },
  s3Style: {
    form: 'text',
    choices: ['auto', 'path', 'virtual-host'],
    flag: '--s3-style',
    variable: 'HOLDFAST_S3_STYLE',
    file: 's3.style',
    what: 'where the bucket is named: path, virtual-host or auto (path with an endpoint of its own)',
  },
  s3Ca: {
    form: 'path',
    flag: '--s3-ca',
    variable: 'HOLDFAST_S3_CA',
    file: 's3.caFile',
    what: 'CA certificates that the server is trusted by, beside the usual ones (PEM)',
  },
  s3SkipVerify: {
    form: 'boolean',
    flag: '--s3-skip-verify',
    variable: 'HOLDFAST_S3_SKIP_VERIFY',
    file: 's3.skipVerify',
    what: 'trust whoever answers; for tests only',
  },
  s3Proxy: {
    form: 'proxy',
    flag: '--s3-proxy',
    variable: 'HOLDFAST_S3_PROXY',
    file: 's3.proxy',
    what: 'URL of the proxy, or none; if not set, HTTPS_PROXY, HTTP_PROXY and NO_PROXY count',
  },
  s3CredentialsFile: {
    form: 'path',
    flag: '--s3-credentials-file',
    variable: 'HOLDFAST_S3_CREDENTIALS_FILE',
    file: 's3.credentialsFile',
    what: "file that holds the access key and the secret key; if not set, AWS's variables, files and services are asked",
  },
  s3Role: {
    form: 'text',
    flag: '--s3-role',
    variable: 'HOLDFAST_S3_ROLE',
    file: 's3.role',
    what: 'ARN of a role that is assumed with the credentials',
  },
  s3StorageClass: {
    form: 'text',
    flag: '--s3-storage-class',
    variable: 'HOLDFAST_S3_STORAGE_CLASS',
    file: 's3.storageClass',
    what: 'storage class of what is written, as the server calls it',
  },
  s3Encryption: {
    form: 'encryption',
    flag: '--s3-encryption',
    variable: 'HOLDFAST_S3_ENCRYPTION',
    file: 's3.encryption',
    what: 'encryption by the server: s3, kms, kms:KEYID or customer:FILE (a key of 32 bytes)',
  },
  s3Lock: {
    form: 'lock',
    flag: '--s3-lock',
    variable: 'HOLDFAST_S3_LOCK',
    file: 's3.lock',
    what: 'object lock of what is written: governance:30d, compliance:30d, or until a date instead of the days',
  },
} as const satisfies Record<string, Setting>;
