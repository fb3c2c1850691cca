import { isFailure } from '@holdfast/base';
import type { Route, RouteName } from '@holdfast/model/api';
import type { AuditNote } from '../audit/auditor.ts';
import type { Caller } from '../auth/caller.ts';

/** What is known of a request when it is noted. */
export interface Noted {
  readonly name: RouteName;
  readonly caller: Caller | undefined;
  readonly address: string;
  readonly cluster: string | null;
  readonly params: Readonly<Record<string, string>>;
  /** By the handler. */
  readonly details: Readonly<Record<string, unknown>>;
  readonly of: string | undefined;
}

/** Whether what a route does is written in the audit log: all that changes something, and what hands out whole records. */
export function isAudited(name: RouteName, { method }: Pick<Route, 'method'>): boolean {
  return method !== 'GET' || name.startsWith('export');
}

/** An entry of the audit log about a request; never anything of its body. */
export function auditEntry(noted: Noted, outcome: AuditNote['outcome'], error?: unknown): AuditNote {
  const { name, caller, address, cluster, params, details } = noted;
  const last = Object.values(params).at(-1);
  return {
    by: caller?.name ?? 'nobody',
    token: caller?.token ?? null,
    address,
    action: name,
    of: noted.of ?? last ?? null,
    cluster,
    outcome,
    details: {
      ...details,
      ...(error === undefined ? {} : { code: isFailure(error) ? error.code : 'server-failed' }),
    },
  };
}
