import { restoreScopes, type RestoreScope } from '@holdfast/model/fleet';
import { InvalidArgumentError, Option } from 'commander';
import {
  onceMore,
  wholeNumber,
  withEtcd,
  withGroup,
  withRepository,
  withStateDir,
} from '../program/options.ts';
import type { Verb } from '../program/verb.ts';

/** What a restore is asked for by, as `plan` and `run` take it. */
export interface RequestOptions {
  readonly clusterFile?: string;
  readonly snapshot?: string;
  readonly file?: string;
  readonly way: 'auto' | 'snapshot' | 'salvage' | 'replace';
  readonly survivor?: string;
  readonly replace?: readonly string[];
  readonly members?: readonly string[];
  readonly strategy?: 'all' | 'seed';
  readonly seed?: string;
  readonly initialClusterToken?: string;
  readonly bump: boolean;
  readonly bumpRevision?: number;
  readonly attestOff?: readonly string[];
  readonly skip?: readonly string[];
  readonly reason?: string;
  readonly clone?: true;
  readonly scope?: RestoreScope;
  /** Over a server alone. */
  readonly restartNodes?: boolean;
}

/** Names of the options of plan and run that mean something over a server. */
export const requestTakes: readonly string[] = [
  ...['repo', 'clusterFile', 'snapshot', 'way', 'survivor', 'replace', 'members', 'strategy', 'seed'],
  ...['attestOff', 'skip', 'reason', 'clone', 'scope'],
];

/** Names of those that mean something over a server alone. */
export const requestOnly: readonly string[] = ['restartNodes'];

/** The options of {@link RequestOptions}, with those of repository, etcd and journals. */
export function withRequest(verb: Verb): Verb {
  const own = [
    new Option('--cluster-file <file>', 'description of the cluster (default: what runs here is asked)'),
    new Option('--way <way>', 'auto, snapshot, salvage or replace')
      .choices(['auto', 'snapshot', 'salvage', 'replace'])
      .default('auto'),
    new Option('--snapshot <snapshot>', 'a stored one: exact name, latest or latest~N').conflicts('file'),
    new Option('--file <file>', 'a snapshot file of etcdctl, etcdutl or `snapshot export`'),
    new Option('--survivor <member>', 'salvage: the member whose data is taken'),
    new Option(
      '--replace <member>',
      'way replace: this one, though it may answer; may be repeated (default: the lost ones)',
    ).argParser(onceMore),
    new Option('--members <members>', 'the new cluster: m1,m2 (default: every described member)').argParser(
      names,
    ),
    new Option('--strategy <strategy>', 'all: each is built; seed: one is, and the others join it').choices([
      'all',
      'seed',
    ]),
    new Option('--seed <member>', 'the member that starts alone; means --strategy seed'),
    new Option('--initial-cluster-token <token>', 'of the new cluster (default: a new random one)'),
    new Option(
      '--bump-revision <n>',
      'how far revisions are moved on, and the old ones marked compacted',
    ).argParser(wholeNumber(1)),
    new Option('--no-bump', 'leave revisions as they are: watchers may then miss that time went back'),
    new Option(
      '--scope <scope>',
      'how much is brought back: none (etcd alone), kubernetesVersion, or all (saved configuration too)',
    ).choices([...restoreScopes]),
    new Option(
      '--no-restart-nodes',
      'over a server: leave kubelets, K3s and RKE2 as they are when the restore is done',
    ),
    new Option('--clone', 'a copy of another cluster: its snapshot is meant, however strange it looks here'),
  ];
  for (const option of own) verb.addOption(option);
  const vouched = [
    new Option(
      '--attest-off <name>',
      'you vouch that this member or part of the control plane, which cannot be reached, is off; may be repeated',
    ).argParser(onceMore),
    new Option('--skip <check>', 'a check that may fail, as P13; may be repeated').argParser(onceMoreCheck),
    new Option('--reason <text>', 'why; needed with --attest-off and --skip, and recorded'),
  ];
  return withStateDir(withRepository(withEtcd(withGroup(verb, 'On your word:', vouched))));
}

/** `--confirm`, for scripts. */
export function withConfirm(verb: Verb): Verb {
  return verb.option('--confirm <name>', "do not ask: the cluster's name, for scripts");
}

/** What `resume`, `abort` and `rollback` take over a server. */
export interface VouchOptions {
  readonly attestOff?: readonly string[];
  readonly reason?: string;
}

/** Names of {@link VouchOptions}: on one machine alone there is none that could be gone. */
export const vouchTakes: readonly string[] = ['attestOff', 'reason'];

/** `--attest-off` and `--reason` of a restore that was begun. */
export function withVouching(verb: Verb): Verb {
  return withGroup(verb, 'On your word, over a server:', [
    new Option(
      '--attest-off <name>',
      'the machine of this member or part of the control plane is off for good, so nothing is put back there; may be repeated',
    ).argParser(onceMore),
    new Option('--reason <text>', 'why; needed with --attest-off, and recorded'),
  ]);
}

function names(text: string, before: readonly string[] = []): string[] {
  const given = text.split(',').map((name) => name.trim());
  if (given.includes('')) throw new InvalidArgumentError('A name in it is empty.');
  return [...before, ...given];
}

function onceMoreCheck(text: string, before: readonly string[] = []): string[] {
  const check = text.toUpperCase();
  if (!/^[PQ]\d{1,2}$/.test(check))
    throw new InvalidArgumentError('Checks are named P1 to P15 and Q1 to Q12.');
  return [...before, check];
}
