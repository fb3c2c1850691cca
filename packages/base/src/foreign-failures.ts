import type { FailureEntry } from './failure-table.ts';

/** The rows of the failure table about what other systems left: their archives, places and snapshots. */
export const foreignFailures = {
  'archive-refused': {
    exit: 14,
    what: 'the archive {path} is refused',
    next: 'Nothing of it was written anywhere. No known tool makes such an archive: find out where it comes from before you unpack it by hand.',
  },
  'archive-damaged': {
    exit: 4,
    what: 'the archive {path} is damaged',
    next: 'Look for another copy of it: on the other nodes, or in the bucket. It cannot be relied on.',
  },
  'foreign-unusable': {
    exit: 14,
    what: 'no etcd database can be read from {path}',
    next: '`holdfast adopt` shows what is there, and of each snapshot whether it can be restored.',
  },
  'foreign-damaged': {
    exit: 4,
    what: 'the snapshot {name} in {location} is damaged',
    next: 'Do not restore from it. Look for another copy of it, on the other nodes or in the bucket, or take the one before: `holdfast adopt {location} --verify` reads all of them.',
  },
  'foreign-missing': {
    exit: 1,
    what: 'there is no snapshot named {name} in {location}',
    next: '`holdfast adopt {location}` shows what is there; names and paths are matched exactly.',
  },
  'foreign-ambiguous': {
    exit: 2,
    what: 'there are several snapshots named {name}',
    next: 'Give the path of the one that is meant instead of its name.',
  },
  'cluster-unsaid': {
    exit: 2,
    what: 'whose snapshot {name} is has to be said',
    next: 'Add --cluster NAME. A cluster of a new name is made; a snapshot of another Kubernetes is never put into one.',
  },
  'adopt-doubts': {
    exit: 3,
    what: 'not everything in {location} can be relied on',
    next: 'What is wrong stands with each snapshot above. Import those that are sound: `holdfast adopt {location} --import all --repo REPO --cluster NAME`.',
  },
  'partly-imported': {
    exit: 3,
    what: '{imported} of {wanted} snapshots were imported',
    next: 'What was imported is there. The reasons for the others are given above; the same command tries them again and passes over what is there.',
  },
} as const satisfies Record<string, FailureEntry>;
