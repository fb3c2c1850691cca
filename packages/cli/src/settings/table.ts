import { keySettings } from './key-table.ts';
import { s3Settings } from './s3-table.ts';
import { serverSettings } from './server-table.ts';

/** One setting: where its value may come from, in falling precedence, and what it means. */
export interface Setting {
  /** How the value is written. */
  readonly form: SettingForm;
  /** The only words that it may be. */
  readonly choices?: readonly string[];
  /** The long flag; absent for a secret, which never stands on a command line. */
  readonly flag?: string;
  readonly variable: string;
  /** The variable of etcdctl that counts when ours is not set. */
  readonly etcdctl?: string;
  /** The key in a configuration file, dotted; absent for a secret. */
  readonly file?: string;
  /** A path may begin with `~/`, the user's home folder. */
  readonly default?: string;
  /** The default of the user root, where it is another one. */
  readonly rootDefault?: string;
  /** Printed by nobody. */
  readonly secret?: true;
  /** One sentence for the help and the reference. */
  readonly what: string;
}

/**
 * The ways to write a value: one word or sentence; a comma list; a path; true or false; where a repository is, or in a
 * file the list of several; and what `s3-words.ts` reads.
 */
export type SettingForm = 'text' | 'list' | 'path' | 'boolean' | 'places' | 'proxy' | 'encryption' | 'lock';

/**
 * Every setting that can come from somewhere else than the command line. The options of the commands, the reading of
 * variables and files, `config view` and docs/reference/config.md all follow this table.
 */
export const settingTable = {
  repo: {
    form: 'places',
    flag: '--repo',
    variable: 'HOLDFAST_REPO',
    file: 'repository',
    what: 'the repository: a folder, s3://bucket/folder, or a name of the configuration file',
  },
  cluster: {
    form: 'text',
    flag: '--cluster',
    variable: 'HOLDFAST_CLUSTER',
    file: 'cluster',
    what: 'name of the cluster in the repository, or of the server; needed where there are several',
  },
  endpoints: {
    form: 'list',
    flag: '--endpoints',
    variable: 'HOLDFAST_ENDPOINTS',
    etcdctl: 'ETCDCTL_ENDPOINTS',
    file: 'etcd.endpoints',
    what: 'client URLs of the etcd members, separated by commas',
  },
  cacert: {
    form: 'path',
    flag: '--cacert',
    variable: 'HOLDFAST_CACERT',
    etcdctl: 'ETCDCTL_CACERT',
    file: 'etcd.cacert',
    what: 'CA certificates that the members are trusted by (PEM)',
  },
  cert: {
    form: 'path',
    flag: '--cert',
    variable: 'HOLDFAST_CERT',
    etcdctl: 'ETCDCTL_CERT',
    file: 'etcd.cert',
    what: 'client certificate (PEM)',
  },
  key: {
    form: 'path',
    flag: '--key',
    variable: 'HOLDFAST_KEY',
    etcdctl: 'ETCDCTL_KEY',
    file: 'etcd.key',
    what: 'private key of the client certificate (PEM)',
  },
  user: {
    form: 'text',
    flag: '--user',
    variable: 'HOLDFAST_USER',
    file: 'etcd.user',
    what: 'etcd user, without the password',
  },
  passwordFile: {
    form: 'path',
    flag: '--password-file',
    variable: 'HOLDFAST_PASSWORD_FILE',
    file: 'etcd.passwordFile',
    what: 'file that holds the password of --user',
  },
  password: {
    form: 'text',
    variable: 'HOLDFAST_PASSWORD',
    secret: true,
    what: 'the password itself, where no file can be had',
  },
  etcdProgram: {
    form: 'text',
    flag: '--etcd',
    variable: 'HOLDFAST_ETCD',
    file: 'etcd.program',
    default: 'etcd',
    what: 'etcd program for throw-away servers: a path, or a name on the PATH',
  },
  stateDir: {
    form: 'path',
    flag: '--state-dir',
    variable: 'HOLDFAST_STATE_DIR',
    file: 'stateDir',
    default: '~/.local/state/holdfast',
    rootDefault: '/var/lib/holdfast',
    what: 'folder for the journals of restores, the reports of drills, and what was seen of repositories',
  },
  policyFile: {
    form: 'path',
    flag: '--policy-file',
    variable: 'HOLDFAST_POLICY_FILE',
    file: 'policyFile',
    default: '~/.config/holdfast/policies.yaml',
    rootDefault: '/etc/holdfast/policies.yaml',
    what: 'file that holds the policies of this machine',
  },
  ...s3Settings,
  ...keySettings,
  ...serverSettings,
  output: {
    form: 'text',
    flag: '--output',
    variable: 'HOLDFAST_OUTPUT',
    file: 'output',
    default: 'table',
    what: 'form of the answer: table, wide, json, yaml or name',
  },
  utc: {
    form: 'boolean',
    flag: '--utc',
    variable: 'HOLDFAST_UTC',
    file: 'utc',
    default: 'false',
    what: 'print times in UTC instead of the local zone',
  },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof settingTable;

/** The table's rows in their order, each with its name. */
export const settingRows: readonly (Setting & { readonly name: SettingName })[] = Object.entries(
  settingTable,
).map(([name, row]) => ({ ...row, name: name as SettingName }));
