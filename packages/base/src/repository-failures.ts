import type { FailureEntry } from './failure-table.ts';

/** The rows of the failure table about repositories, their clusters, and who may write there. */
export const repositoryFailures = {
  'repository-missing': {
    exit: 10,
    what: 'there is no repository at {repository}',
    next: 'Check its address or path. `holdfast repo init` makes a repository; a save does so only in a folder that is empty or absent.',
  },
  'repository-exists': {
    exit: 14,
    what: 'there is a repository at {repository} already',
    next: 'Nothing was changed. Use it as it is, or choose another folder.',
  },
  'repository-foreign': {
    exit: 10,
    what: '{repository} is not a Holdfast repository',
    next: 'Choose an empty or a new folder. Nothing was written.',
  },
  'repository-other': {
    exit: 10,
    what: '{repository} is not the repository that was meant',
    next: 'Nothing was written there. Give the settings that lead to the right one (the configuration file, --s3-endpoint), or give the copy up with `holdfast queue drop`.',
  },
  'repository-newer': {
    exit: 10,
    what: '{repository} was written in a format that this version does not know',
    next: 'Use the version of Holdfast that wrote it, or a newer one.',
  },
  'repository-unreadable': {
    exit: 3,
    what: 'not everything in {repository} can be read',
    next: 'What is listed is there. Bring the named records back from a copy, or delete those snapshots by name.',
  },
  'repository-read-only': {
    exit: 14,
    what: 'nothing may be written to {repository}',
    next: 'It was opened for reading only. Nothing was changed.',
  },
  'cluster-ambiguous': {
    exit: 2,
    what: 'the repository holds several clusters',
    next: 'Name one with --cluster. `holdfast status` shows them.',
  },
  'cluster-missing': {
    exit: 1,
    what: 'there is no cluster named {cluster}',
    next: '`holdfast status` shows the clusters of the repository.',
  },
  'cluster-foreign': {
    exit: 14,
    what: '{cluster} is another cluster in this repository',
    next: 'Save it under another name (--cluster). Nothing was written.',
  },
  'commits-missing': {
    exit: 4,
    what: 'the record of what is committed is gone: {path}',
    next: 'While nobody writes to the repository, run `holdfast repo check --repair`, which makes it anew from the manifests.',
  },
  'manifest-untrusted': {
    exit: 14,
    what: 'the manifest of {name} is not trusted',
    next: 'Restore another snapshot; or name the keys that you trust (--trusted-keys), or take unsigned ones (--require any), if you know why.',
  },
  'lease-held': {
    exit: 11,
    what: 'another writer is at work in {scope}',
    next: 'Wait for it to end. One that died on another machine gives way by itself after little more than a minute.',
  },
  'lease-lost': {
    exit: 11,
    what: 'another writer has taken over {scope}',
    next: 'What was to be added or removed was not, and nothing else was touched. Run the command again; if this happens often, look for a machine that stands still at times.',
  },
  'repository-damaged': {
    exit: 4,
    what: 'something is wrong in {repository}',
    next: 'Restore only what is named as still to be trusted. Save a new snapshot, and find out what damages the disk or who else can write there.',
  },
  'manifest-damaged': {
    exit: 4,
    what: 'the record {path} is damaged',
    next: 'Take the snapshot from another repository that has it (`holdfast snapshot copy`). A snapshot.db beside it may still be whole, and `holdfast restore datadir --file` checks it by its own hash; what is compressed or sealed is opened first, as docs/guides/without-holdfast.md says.',
  },
  'manifest-uncommitted': {
    exit: 4,
    what: 'the manifest {path} is signed, and nothing says that it counts',
    next: 'Its writer died in that very moment, or somebody took it off the list who may write there. Run `holdfast repo check --repair`, which makes it count if it is whole and has its place in the chain of its writer. If it is still shown, clear it away with `holdfast snapshot delete {name}`; if many are, remove {lease} while nobody writes, and repair again.',
  },
  'cluster-full': {
    exit: 14,
    what: 'the cluster {cluster} has as many snapshots in this repository as one can have',
    next: 'Delete old ones (`holdfast snapshot delete`), or save to another repository. Nothing was written.',
  },
} as const satisfies Record<string, FailureEntry>;
