/** One statement of a policy. */
export interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Principal?: { readonly AWS: readonly string[] };
}

/** The statement of a policy that allows actions in one bucket, on itself and on its objects. */
export function allowIn(bucket: string, actions: readonly string[]): Statement {
  return {
    Effect: 'Allow',
    Action: actions,
    Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
  };
}

/** A policy of these statements, as JSON. */
export function policyOf(statements: readonly Statement[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}
