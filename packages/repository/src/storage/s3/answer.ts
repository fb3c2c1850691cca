/** What an error of the SDK tells of the server's answer. */
export interface Answer {
  /** S3's name of the error, e.g. NoSuchKey; the SDK's where the answer has no body. */
  readonly name: string;
  /** Whether S3's name was there to be read. */
  readonly named: boolean;
  readonly message: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The region that the server names as the right one. */
  readonly region: string | undefined;
}

/** Reads an error as the answer of a server; undefined when it did not answer. */
export function answerOf(error: unknown): Answer | undefined {
  if (!(error instanceof Error)) return undefined;
  const { $metadata, $response, Region, Code } = error as {
    $metadata?: { httpStatusCode?: number };
    $response?: { statusCode?: number; headers?: Record<string, string> };
    Region?: unknown;
    Code?: unknown;
  };
  const status = $response?.statusCode ?? $metadata?.httpStatusCode;
  if (status === undefined) return undefined;
  const headers = $response?.headers ?? {};
  const ownRegion = typeof Region === 'string' ? Region : headers['x-amz-bucket-region'];
  const name = typeof Code === 'string' ? Code : error.name;
  // The SDK adds a note for its own users to what it cannot read.
  const message = (error.message.split('\n')[0] ?? '').trim();
  return {
    name,
    named: typeof Code === 'string',
    message,
    status,
    headers,
    region: ownRegion === '' ? undefined : ownRegion,
  };
}

/** Outcomes of a request that its caller may expect. */
export type Expected = 'absent' | 'taken' | 'no-upload' | 'unsupported' | 'beyond' | 'no-lock' | 'wants-md5';

/** Which of the outcomes that a caller may expect an answer is. */
export function outcomeOf({ name, status, message }: Answer): Expected | undefined {
  if (name === 'NoSuchUpload') return 'no-upload';
  if (name === 'NoSuchKey' || (name === 'NotFound' && status === 404)) return 'absent';
  if (name === 'ObjectLockConfigurationNotFoundError') return 'no-lock';
  if (status === 412) return 'taken';
  if (status === 400 && /Content-?MD5/i.test(message) && !/Digest/.test(name)) return 'wants-md5';
  if (status === 416) return 'beyond';
  if (status === 501 || name === 'NotImplemented') return 'unsupported';
  return undefined;
}
