import type { FailureEntry } from './failure-table.ts';

/** The rows of the failure table about the agent of a node. */
export const agentFailures = {
  'agent-running': {
    exit: 11,
    what: 'another agent works with the state folder {path}',
    next: 'One agent serves all policies of a node. Stop the other one first, or give this one a folder of its own with --state-dir.',
  },
} as const satisfies Record<string, FailureEntry>;
