import { foreignFailures } from './foreign-failures.ts';
import { agentFailures } from './agent-failures.ts';
import { clientFailures } from './client-failures.ts';
import { fleetFailures } from './fleet-failures.ts';
import { keyFailures } from './key-failures.ts';
import { policyFailures } from './policy-failures.ts';
import { repositoryFailures } from './repository-failures.ts';
import { s3Failures } from './s3-failures.ts';
import { serverFailures } from './server-failures.ts';

/**
 * Exit statuses, a contract with scripts (docs/reference/errors.md). 10, 11, 12 and 130 equal restic's.
 * 1 failed · 2 usage · 3 finished with losses · 4 damage found · 10 repository missing · 11 locked · 12 wrong key ·
 * 13 etcd unreachable or unhealthy · 14 pre-flight refused · 20 not confirmed · 78 bad configuration or Node too old ·
 * 130 interrupted · 143 terminated.
 */
export type ExitCode = 1 | 2 | 3 | 4 | 10 | 11 | 12 | 13 | 14 | 20 | 78 | 130 | 143;

/** One row: the exit status, what happened (one sentence, no full stop) and what to do next. */
export interface FailureEntry {
  readonly exit: ExitCode;
  /** May hold `{placeholders}`, filled from the failure's details. */
  readonly what: string;
  readonly next: string;
}

/** Every failure that Holdfast reports. The page docs/reference/errors.md is generated from this table. */
export const failureTable = {
  usage: {
    exit: 2,
    what: 'the command line is not valid',
    next: 'Run the same command with --help.',
  },
  'config-invalid': {
    exit: 78,
    what: 'the configuration {source} is not valid',
    next: 'Correct the named field; flags override variables, and variables override files.',
  },
  'file-unreadable': {
    exit: 1,
    what: 'cannot read {path}',
    next: 'Check that the path is right and that this user may read it.',
  },
  'file-unwritable': {
    exit: 1,
    what: 'cannot write {path}',
    next: 'Check that the folder exists, is not mounted read-only, and that this user may write there.',
  },
  'file-exists': {
    exit: 14,
    what: '{path} exists already',
    next: 'Nothing was overwritten. Choose another path, or move the existing one away.',
  },
  'disk-full': {
    exit: 1,
    what: 'no space left while writing {path}',
    next: 'Free some space or choose another file system, then run the command again; the unfinished file was removed.',
  },
  'not-enough-space': {
    exit: 14,
    what: 'not enough free space in {path}',
    next: 'Free some space or choose another file system. Nothing was written.',
  },
  ...repositoryFailures,
  ...s3Failures,
  ...foreignFailures,
  'snapshot-missing': {
    exit: 1,
    what: 'there is no snapshot named {name}',
    next: '`holdfast snapshot list` shows the names; names are matched exactly.',
  },
  'snapshot-name-invalid': {
    exit: 2,
    what: '"{name}" cannot be the name of a snapshot',
    next: 'Use letters, digits and . _ : + - (at most 200, beginning with a letter or digit).',
  },
  'snapshot-name-taken': {
    exit: 14,
    what: 'a snapshot named {name} exists already',
    next: 'Choose another --name, or leave it out for a unique one. The existing snapshot was not touched.',
  },
  'snapshot-busy': {
    exit: 11,
    what: 'another save or deletion is at work on snapshot {name}',
    next: 'Wait for it to end. If it was killed on another machine, the name is free again after 24 hours.',
  },
  'snapshot-pinned': {
    exit: 14,
    what: 'snapshot {name} is pinned',
    next: 'Run `holdfast snapshot unpin {name}` first, if it may really go.',
  },
  'snapshot-last-verified': {
    exit: 14,
    what: 'snapshot {name} is the newest verified one of its cluster',
    next: 'Save and verify a newer one first, or pass --force-last to be left without a proven snapshot.',
  },
  'snapshot-unproven': {
    exit: 3,
    what: 'snapshot {name} is whole as far as it could be checked, but not proven',
    next: 'It stays stored, not verified. Save another one to have one that is proven.',
  },
  'partly-stored': {
    exit: 3,
    what: 'snapshot {name} is stored in {stored} of {wanted} required repositories',
    next: 'It is whole where it is stored. What is missing waits in the queue: `holdfast queue list` shows it, `holdfast queue run` tries again.',
  },
  'copies-waiting': {
    exit: 3,
    what: '{waiting} copies still wait in the queue',
    next: 'Mend what the reasons name. They are tried again when they are due: `holdfast queue run --wait` stays until none is left.',
  },
  'queue-damaged': {
    exit: 3,
    what: 'the record {path} of a copy that waits cannot be read',
    next: 'Which copy it asked for is not known: `holdfast status` tells what is missing, `holdfast snapshot copy` makes it. Then `holdfast queue drop {id}` clears the record away.',
  },
  'queue-missing': {
    exit: 1,
    what: 'no copy {id} waits in the queue',
    next: '`holdfast queue list -q` shows the ids of those that do.',
  },
  'queue-busy': {
    exit: 11,
    what: 'another process works on the copy {id}',
    next: 'Nothing was changed. Wait for it to end, then look again: `holdfast queue list`.',
  },
  'copy-read-back': {
    exit: 4,
    what: 'what {repository} gives back is not what was stored there',
    next: 'Nothing was listed there. Check the disk or the server behind it; the save goes on elsewhere.',
  },
  'snapshot-damaged': {
    exit: 4,
    what: 'snapshot {name} is damaged',
    next: 'Do not restore from it. Choose another with `holdfast snapshot list`, and check the disk that holds this one.',
  },
  'companions-missing': {
    exit: 1,
    what: 'snapshot {name} has no companions',
    next: 'The keys and certificates that a restore needs beside it have to come from elsewhere: another snapshot (`holdfast snapshot show`), or a node.',
  },
  'object-damaged': {
    exit: 4,
    what: '{path} is damaged',
    next: 'Do not rely on it. Bring it back from a copy, or choose another snapshot with `holdfast snapshot list`.',
  },
  ...keyFailures,
  ...policyFailures,
  ...agentFailures,
  ...fleetFailures,
  ...serverFailures,
  ...clientFailures,
  'listener-failed': {
    exit: 1,
    what: 'cannot listen on {address}',
    next: 'Choose another address with --listen, or end what listens there: `ss -ltnp` shows it.',
  },
  'not-a-snapshot': {
    exit: 4,
    what: '{path} is not a whole etcd snapshot',
    next: 'Choose another file; this one was not changed.',
  },
  'etcd-unreachable': {
    exit: 13,
    what: 'etcd at {endpoint} does not answer',
    next: 'Check that etcd runs, and the address, port and firewall. `holdfast doctor` tests each of them.',
  },
  'etcd-tls': {
    exit: 13,
    what: 'no trusted connection to etcd at {endpoint}',
    next: 'Check --cacert, --cert and --key, and that the scheme (http or https) is the one that etcd serves.',
  },
  'etcd-auth': {
    exit: 13,
    what: 'etcd at {endpoint} refused the login',
    next: 'Check --user and --password-file; the user needs the root role to take snapshots.',
  },
  'etcd-refused': {
    exit: 13,
    what: 'etcd at {endpoint} refused the request',
    next: "The reason is etcd's own. `holdfast doctor` shows the state of each member.",
  },
  'etcd-no-quorum': {
    exit: 13,
    what: 'the etcd cluster has no quorum',
    next: 'Bring members back first. --allow-degraded stores what the member has, marked degraded.',
  },
  'etcd-unhealthy': {
    exit: 13,
    what: 'no member of the etcd cluster is fit to be saved from',
    next: 'Mend the named fault first. --allow-degraded stores what the member has, marked degraded.',
  },
  'etcd-stream-broken': {
    exit: 13,
    what: 'the snapshot stream from {endpoint} broke off',
    next: 'Nothing was stored. Check that member and run the command again, with another --endpoint if it persists.',
  },
  'etcd-stream-stalled': {
    exit: 13,
    what: 'the snapshot stream from {endpoint} stopped moving',
    next: "Nothing was stored. Check the network and that member's disk, then run the command again.",
  },
  'etcd-stream-damaged': {
    exit: 4,
    what: 'the snapshot stream from {endpoint} arrived damaged',
    next: 'Nothing was stored. Save from another member with --endpoint and check the disk of this one.',
  },
  'etcd-hash-mismatch': {
    exit: 4,
    what: 'snapshot {name} differs from the live member it was taken from',
    next: 'Do not rely on it. Save from another member and run `holdfast doctor` on this one.',
  },
  'restore-plan-invalid': {
    exit: 2,
    what: 'the described member does not fit the described cluster',
    next: 'Check --name, --initial-cluster and --initial-advertise-peer-urls against each other.',
  },
  'data-dir-exists': {
    exit: 14,
    what: '{path} exists and is not empty',
    next: 'Move the old data away first (do not delete it yet), or restore to another --data-dir. Nothing was changed.',
  },
  'cluster-file-invalid': {
    exit: 78,
    what: 'the description of the cluster in {path} is not valid',
    next: 'Correct the named field. `holdfast restore discover` writes a description of what runs here.',
  },
  'restore-unneeded': {
    exit: 14,
    what: 'a restore of cluster {cluster} is probably wrong',
    next: 'Do what the reason names. --way snapshot restores all the same. Nothing was touched.',
  },
  'restore-impossible': {
    exit: 14,
    what: 'cluster {cluster} cannot be restored with what there is',
    next: 'Name a repository that holds a snapshot with --repo, or a file with --file. Nothing was touched.',
  },
  'restore-refused': {
    exit: 14,
    what: 'a check before the restore of cluster {cluster} failed',
    next: 'Mend what the reason names, or let the check be skipped: --skip CHECK --reason "…". Nothing was changed.',
  },
  'restore-held': {
    exit: 11,
    what: '{path} is held by restore {id}',
    next: 'Look at it: holdfast restore status {id}\nWhere its journal is lost: docs/restore.md, section "When the journal is lost".',
  },
  'restore-missing': {
    exit: 1,
    what: 'there is no restore {id}',
    next: '`holdfast restore status` lists them. Journals are found by --state-dir.',
  },
  'restore-state': {
    exit: 14,
    what: 'restore {id} cannot do that now',
    next: 'Look at it: holdfast restore status {id}',
  },
  'restore-running': {
    exit: 11,
    what: 'restore {id} is being carried out by another process',
    next: 'Wait for it to end, or stop it with Ctrl-C there.',
  },
  'restore-paused': {
    exit: 130,
    what: 'restore {id} was interrupted between two safe points',
    next: 'Go on: holdfast restore resume {id}\nWhat else is possible: holdfast restore status {id}',
  },
  'restore-rolled-back': {
    exit: 1,
    what: 'restore {id} failed; everything was put back as it was',
    next: 'Mend the cause, then plan again.',
  },
  'restore-stuck': {
    exit: 1,
    what: 'restore {id} failed and needs a person',
    next: 'Mend the cause, then go on: holdfast restore resume {id}\nWhat else is possible: holdfast restore status {id}',
  },
  'restore-unsound': {
    exit: 3,
    what: 'restore {id} is done, but not everything after it went well',
    next: 'The cluster runs from the restored data. Do what the report says.',
  },
  'rollback-unsound': {
    exit: 3,
    what: 'restore {id} was put back, but not everything about it went well',
    next: 'The old data is where it was. Do what the report says.',
  },
  'journal-damaged': {
    exit: 4,
    what: 'the journal {path} is damaged',
    next: 'Nothing was changed. The kept data is beside each data directory as member.pre-{id}.',
  },
  'node-failed': {
    exit: 1,
    what: 'step {step} failed on {member}',
    next: 'The reason is that of the node. `holdfast restore status {id}` shows where the restore stands.',
  },
  'etcd-not-stopped': {
    exit: 1,
    what: 'etcd of {member} does not stop',
    next: 'Stop it by hand, then go on with the printed command.',
  },
  'etcd-not-started': {
    exit: 1,
    what: 'etcd of {member} does not start',
    next: 'The end of its log tells why.',
  },
  'component-not-stopped': {
    exit: 1,
    what: '{member} of the control plane does not stop',
    next: 'Stop it by hand, then go on with the printed command.',
  },
  'component-not-started': {
    exit: 1,
    what: '{member} of the control plane does not become ready',
    next: 'The reason or the end of its log tells why.',
  },
  'etcd-program-missing': {
    exit: 14,
    what: 'there is no etcd program to be run',
    next: 'Name one with --etcd PATH, or in the description of the cluster; its minor version must be that of the snapshot or the next one.',
  },
  'drill-failed': {
    exit: 4,
    what: 'the drill of snapshot {name} failed',
    next: 'Do not rely on this snapshot. The reason names what was wrong; drill another one.',
  },
  'not-confirmed': {
    exit: 20,
    what: 'not confirmed, nothing was done',
    next: 'Answer the question with what it asks for, or pass what --help names for scripts.',
  },
  'checks-failed': {
    exit: 3,
    what: 'some checks failed',
    next: 'Mend what is marked failed, top first.',
  },
  'attention-needed': {
    exit: 3,
    what: 'a cluster needs attention',
    next: 'Do what the lines marked ! say.',
  },
  interrupted: {
    exit: 130,
    what: 'interrupted',
    next: 'Nothing unfinished was left behind. Run the command again when you are ready.',
  },
  terminated: {
    exit: 143,
    what: 'terminated',
    next: 'Nothing unfinished was left behind. Run the command again when you are ready.',
  },
  internal: {
    exit: 1,
    what: 'Holdfast failed in a way that it does not know',
    next: 'This is a bug. Run again with --debug and report what it prints.',
  },
} as const satisfies Record<string, FailureEntry>;

/** The code of a failure: a key of the table, also the anchor of its documentation. */
export type FailureCode = keyof typeof failureTable;
