import type { FailureEntry } from './failure-table.ts';

/** The rows of the failure table about S3: getting there, being let in, and what the server can do. */
export const s3Failures = {
  's3-unreachable': {
    exit: 1,
    what: 'cannot reach {endpoint}',
    next: 'Check the endpoint, the name server, firewalls, and the proxy (HTTPS_PROXY and NO_PROXY count, unless one is set).',
  },
  's3-tls': {
    exit: 1,
    what: 'no trusted connection to {endpoint}',
    next: 'Give the CA that signed its certificate, or the endpoint by a name that the certificate has; write http:// before an endpoint without TLS.',
  },
  's3-credentials': {
    exit: 1,
    what: '{endpoint} does not accept the credentials',
    next: 'Check the access key, the secret key and the session token, each without spaces or line ends, and where they come from.',
  },
  's3-no-credentials': {
    exit: 1,
    what: 'there are no credentials for {endpoint}',
    next: 'Name a file with --s3-credentials-file (credentialsFile in the configuration), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; the profile files of AWS, web identities, containers and instances are asked as well.',
  },
  'credentials-file-invalid': {
    exit: 78,
    what: 'the credentials file {path} is not valid',
    next: 'It has two lines, `aws_access_key_id = …` and `aws_secret_access_key = …` (ACCESS_KEY and SECRET_KEY are known too); temporary keys have `aws_session_token = …` as well.',
  },
  's3-permission': {
    exit: 1,
    what: 'the credentials do not allow {action} in bucket {bucket}',
    next: 'Allow it in the policies of the user, the role and the bucket; with KMS the key has a policy as well.',
  },
  's3-clock': {
    exit: 1,
    what: 'the clocks of this machine and of {endpoint} differ too much',
    next: 'Set the clock of the machine that is wrong, best by NTP: signatures are valid for some minutes only.',
  },
  's3-bucket-missing': {
    exit: 10,
    what: 'there is no bucket {bucket} at {endpoint}',
    next: 'Check the names of bucket and endpoint, and whether the bucket is a part of the host name (style). Holdfast makes no buckets.',
  },
  's3-region': {
    exit: 78,
    what: 'bucket {bucket} is not in region {region}',
    next: 'Set the region that the reason names.',
  },
  's3-busy': {
    exit: 1,
    what: '{endpoint} could not serve the request',
    next: 'It was asked several times. Try again later; when this lasts, look at the server, or lower the number of requests at once.',
  },
  's3-refused': {
    exit: 1,
    what: '{endpoint} refused {action}',
    next: 'The reason is the server’s own. Check what was set for encryption, storage class and object lock, and whether this is an S3 server.',
  },
  's3-damaged': {
    exit: 4,
    what: '{path} is not what was stored there',
    next: 'Do not rely on it. Run `holdfast repo check`, and bring it back from another repository.',
  },
  's3-no-conditions': {
    exit: 3,
    what: 'the server of {repository} cannot refuse to overwrite',
    next: 'Holdfast makes up for it with markers in the bucket, which takes more requests. Update the server if that is possible.',
  },
  's3-no-lock': {
    exit: 3,
    what: 'bucket {bucket} does not keep objects from being deleted',
    next: 'Make a bucket with object lock (it cannot be added to every bucket), or take the lock out of the settings.',
  },
} as const satisfies Record<string, FailureEntry>;
