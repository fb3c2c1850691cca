import { Failure } from '@holdfast/base';
import { InvalidArgumentError, Option } from 'commander';
import { noPasswordFlag } from '../failure/usage.ts';
import { formats } from '../term/answer.ts';
import { settingRows, settingTable, type Setting, type SettingName } from '../settings/table.ts';
import type { Verb } from './verb.ts';

/** The options that every command takes. */
export function withGlobals(verb: Verb): Verb {
  return verb
    .addOption(settingOption('output', 'format').choices([...formats]))
    .addOption(new Option('--json', 'the same as --output json').implies({ output: 'json' }))
    .option('-q, --quiet', 'print only the answer, and only its names unless --output says otherwise')
    .option('-v, --verbose', 'say on stderr where each setting came from')
    .option('--debug', 'add stacks to failures')
    .option('--no-color', 'no colours (as with NO_COLOR)')
    .addOption(settingOption('utc'))
    .option('--config <file>', 'configuration file instead of the one in the home folder (HOLDFAST_CONFIG)');
}

/** `--repo`, `--cluster` for a repository of several, and what it takes to get there and to open what is sealed. */
export function withRepository(verb: Verb): Verb {
  verb
    .addOption(settingOption('repo', 'repo').argParser(onlyOne))
    .addOption(settingOption('cluster', 'name'));
  return withKeys(withS3(verb));
}

/** The same for what writes to several repositories: `--repo` may be repeated. */
export function withRepositories(verb: Verb): Verb {
  const repo = settingOption('repo', 'repo').argParser(onceMore);
  repo.description += '; may be repeated';
  verb.addOption(repo).addOption(settingOption('cluster', 'name'));
  return withKeys(withS3(verb));
}

/** `--repo`, which may be repeated, and `--cluster`: for what is written down and opens nothing. */
export function withTargets(verb: Verb): Verb {
  const repo = settingOption('repo', 'repo').argParser(onceMore);
  repo.description += '; may be repeated';
  return verb.addOption(repo).addOption(settingOption('cluster', 'name'));
}

/** `--repo` alone, with the way to its bucket: for what asks nothing of snapshots. */
export function withPlace(verb: Verb): Verb {
  return withS3(verb.addOption(settingOption('repo', 'repo').argParser(onlyOne)));
}

/** `--from`: a place that others write to, instead of a repository. */
export function withFrom(verb: Verb): Verb {
  const what = 'what another system left there instead: a folder, or s3://bucket/folder';
  return verb.addOption(new Option('--from <place>', what).conflicts('repo'));
}

/** The way to a bucket that is named by its address. */
export function withS3(verb: Verb): Verb {
  const options = [
    settingOption('s3Endpoint', 'url'),
    settingOption('s3Region', 'region'),
    settingOption('s3Style', 'style').choices([...settingTable.s3Style.choices]),
    settingOption('s3Ca', 'file'),
    settingOption('s3SkipVerify'),
    settingOption('s3Proxy', 'url'),
    settingOption('s3CredentialsFile', 'file'),
    settingOption('s3Role', 'arn'),
    settingOption('s3StorageClass', 'class'),
    settingOption('s3Encryption', 'kind'),
    settingOption('s3Lock', 'lock'),
  ];
  return withGroup(verb, 'S3:', options);
}

/** What opens sealed snapshots, signs them, and says whose signatures count. */
export function withKeys(verb: Verb): Verb {
  const options = [
    settingOption('identityFile', 'file'),
    settingOption('passphraseFile', 'file'),
    settingOption('signingKey', 'file'),
    settingOption('trustedKeys', 'file'),
    settingOption('require', 'which').choices([...settingTable.require.choices]),
  ];
  return withGroup(verb, 'Keys:', options);
}

/** `--state-dir`: where restores and drills keep their records. */
export function withStateDir(verb: Verb): Verb {
  return verb.addOption(settingOption('stateDir', 'dir'));
}

/** `--policy-file`: where the policies of this machine are. */
export function withPolicyFile(verb: Verb): Verb {
  return verb.addOption(settingOption('policyFile', 'file'));
}

/** `--etcd`: the program of throw-away servers. */
export function withEtcdProgram(verb: Verb): Verb {
  return verb.addOption(settingOption('etcdProgram', 'path'));
}

/** The user of etcd alone, for an etcd whose address is not asked for. */
export function withLogin(verb: Verb): Verb {
  return verb
    .addOption(settingOption('user', 'name').argParser(userName))
    .addOption(settingOption('passwordFile', 'file'));
}

/** Where etcd is, for a question that needs no login. */
export function withEndpoints(verb: Verb): Verb {
  return verb.addOption(endpointsOption());
}

function endpointsOption(): Option {
  return settingOption('endpoints', 'urls').argParser(oneMore);
}

/** Where etcd is and how to be let in. */
export function withEtcd(verb: Verb): Verb {
  const options = [
    endpointsOption(),
    settingOption('cacert', 'file'),
    settingOption('cert', 'file'),
    settingOption('key', 'file'),
    settingOption('user', 'name').argParser(userName),
    settingOption('passwordFile', 'file'),
  ];
  const borrowed = settingRows.flatMap((row) => row.etcdctl ?? []).join(', ');
  return withGroup(verb, 'etcd:', options).remark(
    `Endpoints and TLS files are also taken from etcdctl's variables (${borrowed}) when neither flag nor HOLDFAST_ variable is given. The password comes from --password-file or HOLDFAST_PASSWORD.`,
  );
}

/** The server that it can be done over, and how one is let in there. */
export function withServer(verb: Verb): Verb {
  const options = [
    settingOption('server', 'url'),
    settingOption('serverTokenFile', 'file'),
    settingOption('serverCa', 'file'),
    settingOption('serverCaSha256', 'hex'),
  ];
  return withGroup(verb, 'Server:', options);
}

/** `--cluster`, where nothing else has brought it. */
export function withCluster(verb: Verb): Verb {
  return verb.addOption(settingOption('cluster', 'name'));
}

/** Options that stand together in the help, under a title of their own. */
export function withGroup(verb: Verb, title: string, options: readonly Option[]): Verb {
  for (const option of options) verb.addOption(option.helpGroup(title));
  return verb;
}

/** An option for a row of the setting table; its help names the variable. */
function settingOption(name: SettingName, value?: string): Option {
  const row: Setting = settingTable[name];
  const short = name === 'output' ? '-o, ' : '';
  return new Option(
    `${short}${row.flag}${value === undefined ? '' : ` <${value}>`}`,
    `${row.what} (${row.variable})`,
  );
}

/** A parser for an option that may be repeated: this one beside those before. */
export function onceMore(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

/** The second of two would be passed over in silence. */
function onlyOne(text: string, before?: readonly string[]): string[] {
  if (before === undefined) return [text];
  throw new InvalidArgumentError('This command takes one repository.');
}

/** A list may also be given by repeating its flag, as with etcdctl. */
function oneMore(text: string, before?: string): string {
  return before === undefined ? text : `${before},${text}`;
}

/** etcdctl takes `name:password` here; we do not, and never repeat what was given. */
function userName(text: string): string {
  if (text.includes(':')) throw new Failure('usage', noPasswordFlag);
  return text;
}

/** A parser for whole numbers from `min` on. */
export function wholeNumber(min: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < min) {
      throw new InvalidArgumentError(`It must be a whole number from ${min} on.`);
    }
    return value;
  };
}
