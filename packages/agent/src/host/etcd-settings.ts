/** Where an etcd keeps its data and how it is reached, as its command line tells. */
export interface EtcdSettings {
  readonly name: string;
  /** As written: may be relative to the folder in which etcd was started. */
  readonly dataDir: string;
  readonly walDir: string | undefined;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
}

/** A setting by its flag's name without dashes, as `data-dir`; undefined where it is not set. */
type Lookup = (flag: string) => string | undefined;

/**
 * The settings of an etcd. A configuration file, where one is named, is all that counts; else a flag comes before its
 * variable (etcd, server/etcdmain/config.go and pkg/flags/flag.go). What is not set has etcd's own default.
 * @param readConfig gives the text of a configuration file
 */
export async function etcdSettings(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  readConfig: (path: string) => Promise<string>,
): Promise<EtcdSettings> {
  const path = configFileOf(args, environment);
  const setting = path === undefined ? flagOrVariable(args, environment) : configured(await readConfig(path));
  const name = setting('name') ?? 'default';
  return {
    name,
    dataDir: setting('data-dir') ?? `${name}.etcd`,
    walDir: setting('wal-dir'),
    peerUrls: urls(setting('initial-advertise-peer-urls') ?? 'http://localhost:2380'),
    clientUrls: urls(setting('advertise-client-urls') ?? 'http://localhost:2379'),
  };
}

/** The configuration file that an etcd is told to use, beside which its flags and variables count for nothing. */
export function configFileOf(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): string | undefined {
  return flagOrVariable(args, environment)('config-file');
}

function flagOrVariable(args: readonly string[], environment: Readonly<Record<string, string>>): Lookup {
  const flags = flagsOf(args);
  return (flag) =>
    filled(flags.get(flag)) ?? filled(environment[`ETCD_${flag.replaceAll('-', '_').toUpperCase()}`]);
}

/** Go's flags: one dash or two, `=` or the next word; the last one counts. */
export function flagsOf(args: readonly string[]): Map<string, string> {
  const flags = new Map<string, string>();
  for (const [i, word] of args.entries()) {
    if (word === '--') break;
    const [, flag = '', value] = /^--?([^=-][^=]*)(?:=(.*))?$/s.exec(word) ?? [];
    if (flag === '') continue;
    const next = args[i + 1];
    flags.set(flag, value ?? (next === undefined || next.startsWith('-') ? 'true' : next));
  }
  return flags;
}

/** The top level of etcd's configuration file, of which only plain values on one line matter here. */
function configured(yaml: string): Lookup {
  const values = new Map<string, string>();
  for (const line of yaml.split('\n')) {
    const [, key = '', double, single, plain] =
      /^([\w-]+):\s*(?:"([^"]*)"|'([^']*)'|([^#\s].*?))?\s*(?:#.*)?$/.exec(line) ?? [];
    if (key !== '') values.set(key, double ?? single ?? plain ?? '');
  }
  return (flag) => filled(values.get(flag));
}

function filled(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

function urls(list: string): string[] {
  return list.split(',').map((url) => url.trim());
}
