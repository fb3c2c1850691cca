import { failureTable, type ExitCode, type FailureCode } from '@holdfast/base';

/**
 * The HTTP status of each failure. 400: what was sent does not have the shape that it has to have. 422: it has, and cannot
 * be meant like that. 409: it contradicts how things stand now.
 */
export const failureStatus = {
  'secrets-key-invalid': 500,
  'authority-ended': 500,
  'certificate-files-invalid': 500,
  'csr-invalid': 400,
  'import-invalid': 422,
  'store-unreachable': 503,
  'store-newer': 503,
  'store-full': 507,
  'secret-unreadable': 500,
  'not-authenticated': 401,
  'not-allowed': 403,
  'too-many-requests': 429,
  'request-invalid': 400,
  'route-unknown': 404,
  'method-unknown': 405,
  'media-type-unknown': 415,
  'body-too-large': 413,
  'version-conflict': 412,
  'version-required': 428,
  'key-reused': 422,
  'request-under-way': 409,
  'name-taken': 409,
  'cluster-unknown': 404,
  'node-unknown': 404,
  'repository-unknown': 404,
  'policy-unknown': 404,
  'snapshot-unknown': 404,
  'operation-unknown': 404,
  'user-unknown': 404,
  'token-unknown': 404,
  'receiver-unknown': 404,
  'in-use': 409,
  'last-admin': 409,
  'password-wrong': 422,
  'no-repository': 409,
  'no-node': 409,
  'cluster-busy': 409,
  'plan-unusable': 409,
  'confirm-wrong': 422,
  'operation-state': 409,
  'approval-refused': 409,
  'server-failed': 500,
  'server-stopping': 503,
  'server-unreachable': 502,
  'server-untrusted': 502,
  'join-refused': 403,
  'agent-unjoined': 401,
  'agent-expelled': 403,
  'node-connected': 409,
  'call-refused': 409,
  'order-invalid': 400,
  'order-lost': 410,
  'order-cancelled': 409,
  'node-silent': 504,
  'peer-failed': 502,
  'policy-refused': 422,
  'snapshot-name-invalid': 422,
  'snapshot-name-taken': 409,
  'snapshot-pinned': 409,
  'snapshot-last-verified': 409,
  'snapshot-missing': 404,
  'restore-state': 409,
} as const satisfies Partial<Record<FailureCode, number>>;

/** Of the failures of repositories, keys and the like, which the table above does not name: by what their exit status says. */
const byExit: Readonly<Record<ExitCode, number>> = {
  1: 500,
  2: 422,
  3: 500,
  4: 500,
  10: 422,
  11: 409,
  12: 422,
  13: 502,
  14: 409,
  20: 422,
  78: 422,
  130: 503,
  143: 503,
};

/** The HTTP status that tells of a failure. */
export function statusOf(code: FailureCode): number {
  const own: Partial<Record<FailureCode, number>> = failureStatus;
  return own[code] ?? byExit[failureTable[code].exit];
}
