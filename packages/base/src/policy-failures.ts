import type { FailureEntry } from './failure-table.ts';

/** The rows of the failure table about policies and the file that holds them. */
export const policyFailures = {
  'policy-invalid': {
    exit: 78,
    what: 'the policy file {path} is not valid',
    next: 'Correct the named line. Nothing was written; a daemon that runs goes on with what it read before.',
  },
  'policy-file-missing': {
    exit: 78,
    what: 'there is no policy file {path}',
    next: '`holdfast policy set NAME --preset production --repo REPO` makes one; --policy-file names another.',
  },
  'policy-missing': {
    exit: 1,
    what: 'there is no policy {name} in {path}',
    next: '`holdfast policy show` lists them; names are matched exactly.',
  },
  'policy-refused': {
    exit: 2,
    what: 'policy {name} cannot be like that',
    next: 'Nothing was written. `holdfast policy set --help` shows what each option means.',
  },
  'policy-busy': {
    exit: 11,
    what: 'the policy file {path} is being changed by another process',
    next: 'Nothing was written. Run the command again when that one has ended.',
  },
} as const satisfies Record<string, FailureEntry>;
