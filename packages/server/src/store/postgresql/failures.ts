import { Failure } from '@holdfast/base';

/**
 * SQLSTATE of https://www.postgresql.org/docs/current/errcodes-appendix.html for which a person can do something: by code or
 * by its class.
 */
const states: Readonly<Record<string, 'store-unreachable' | 'store-full'>> = {
  '53100': 'store-full', // disk_full
  '08': 'store-unreachable', // connection exceptions
  '28': 'store-unreachable', // invalid authorization
  '3D': 'store-unreachable', // no such database
  '42501': 'store-unreachable', // insufficient_privilege
  '25006': 'store-unreachable', // read_only_sql_transaction: a standby
  '53': 'store-unreachable', // insufficient resources
  '55P03': 'store-unreachable', // lock_not_available
  '57': 'store-unreachable', // operator intervention: it stops or starts
  '58': 'store-unreachable', // system errors
  XX: 'store-unreachable', // internal errors, as damaged data
};

const connectionCodes =
  /^(ECONN\w+|ENOTFOUND|EAI_\w+|ETIMEDOUT|EPIPE|E(HOST|NET)UNREACH|ENOENT|EACCES|ERR_(TLS|SSL)_\w+|CERT_\w+|\w+_CERT(_\w+)?|UNABLE_TO_\w+)$/;

const again: readonly string[] = ['40001', '40P01'];

/** Whether a transaction came into another's way, and may be done again. */
export function cameInTheWay(error: unknown): boolean {
  return again.includes((error as { code?: string }).code ?? '');
}

/** What pg threw, as a Failure where it is no bug of ours. Its messages hold no passwords, nor does the URL come along. */
export function postgresFailure(error: unknown): unknown {
  if (error instanceof Failure || !(error instanceof Error)) return error;
  const { code, severity } = error as { code?: string; severity?: string };
  if (severity !== undefined && code !== undefined) {
    const known = states[code] ?? states[code.slice(0, 2)];
    if (known !== undefined) return new Failure(known, error.message, {}, { cause: error });
    if (again.includes(code))
      return new Failure('store-unreachable', 'others were in the way each time', {}, { cause: error });
    return error;
  }
  // Node's own codes, of sockets, names and TLS; and what pg says of a connection without any code.
  if (
    (code !== undefined && connectionCodes.test(code)) ||
    /connect|terminated|SSL|SASL|SCRAM/.test(error.message)
  )
    return new Failure('store-unreachable', error.message || (code ?? ''), {}, { cause: error });
  return error;
}
