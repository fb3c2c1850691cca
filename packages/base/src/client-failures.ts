import type { FailureEntry } from './failure-table.ts';

/** The rows of the failure table about working over a server from the command line. */
export const clientFailures = {
  'not-logged-in': {
    exit: 2,
    what: 'there is no token for the server {server}',
    next: 'Log in: holdfast login --server {server}. Scripts name a file with --server-token-file, or set HOLDFAST_TOKEN.',
  },
  'audit-broken': {
    exit: 4,
    what: 'the audit log is not as it was written, from entry {n} on',
    next: 'Keep this export and those of before, and find out who may write the database of the server.',
  },
  'operation-partial': {
    exit: 3,
    what: 'operation {operation} was done in part',
    next: 'What is missing is named; look at it with `holdfast operation show {operation}`.',
  },
  'following-ended': {
    exit: 130,
    what: '{operation} is not followed any longer, and goes on',
    next: 'Follow it again with `holdfast operation follow {operation}`.',
  },
  'operation-cancelled': {
    exit: 1,
    what: 'operation {operation} was given up',
    next: 'Nothing unfinished was left; ask for it again.',
  },
} as const satisfies Record<string, FailureEntry>;
