import { isAbsolute, join, resolve } from 'node:path';
import { Failure, type FailureCode } from '@holdfast/base';
import type { Io } from '../io.ts';
import { checkedValue, type Said } from './checked-value.ts';
import { readSettingsFile, type SettingsFile } from './file.ts';
import type { Places } from './places.ts';
import { settingRows, type Setting } from './table.ts';
import { parseSetting, type Origin, type Settings, type SettingValue } from './value.ts';

/** The options of a command as commander parsed them. */
export type Flags = Readonly<Record<string, unknown>>;

/** What was set, and where. */
export interface Resolved {
  readonly origins: readonly Origin[];
  /** The repositories of the first file that describes any. */
  readonly repositories: Places;
}

/**
 * Decides every setting: flag, then HOLDFAST_ variable, then etcdctl's variable, then the user's file (or --config),
 * then the machine's file, then the default.
 *
 * @throws Failure `usage`, `config-invalid`, `file-unreadable`
 */
export async function resolveSettings(flags: Flags, io: Io): Promise<Resolved> {
  const files = await settingsFiles(flags, io);
  const repositories: Places =
    files.find((file) => file.repositories !== undefined)?.repositories ?? new Map();
  const names = new Set(repositories.keys());
  return {
    origins: settingRows.map((row) => ({ name: row.name, ...valueOf(row, flags, files, io, names) })),
    repositories,
  };
}

/** The values alone, as the commands use them. */
export function valuesOf({ origins }: Pick<Resolved, 'origins'>): Settings {
  const set = origins.filter((each) => each.value !== undefined).map((each) => [each.name, each.value]);
  return Object.fromEntries(set) as Settings;
}

function valueOf(
  row: Setting & { readonly name: Origin['name'] },
  flags: Flags,
  files: readonly SettingsFile[],
  io: Io,
  names: Said['names'],
): Pick<Origin, 'value' | 'origin'> {
  const flag = row.flag === undefined ? undefined : flags[optionName(row.flag)];
  if (row.flag !== undefined && flag !== undefined) {
    const origin = row.flag;
    const said = { folder: io.cwd, names, seen: true };
    const read = (): SettingValue =>
      checkedValue(
        row,
        typeof flag === 'string' ? parseSetting(row.form, flag) : (flag as SettingValue),
        said,
      );
    return { value: orRefused(read, 'usage', origin), origin };
  }
  for (const variable of [row.variable, row.etcdctl]) {
    const text = variable === undefined ? undefined : io.env[variable];
    if (variable === undefined || text === undefined || text === '') continue;
    const said = { folder: io.cwd, names, seen: false };
    const read = (): SettingValue => checkedValue(row, parseSetting(row.form, text), said);
    return { value: orRefused(read, 'config-invalid', '', variable), origin: variable };
  }
  for (const { path, folder, values } of files) {
    const found = values.get(row.name);
    if (found === undefined) continue;
    const where = `line ${found.line}: ${row.file}`;
    const read = (): SettingValue => checkedValue(row, found.value, { folder, names, seen: true });
    return { value: orRefused(read, 'config-invalid', where, path), origin: `${path}:${found.line}` };
  }
  const text = io.isRoot === true ? (row.rootDefault ?? row.default) : row.default;
  if (text === undefined) return { value: undefined, origin: 'not set' };
  const value = row.form === 'path' ? text.replace(/^~(?=\/)/, io.home) : parseSetting(row.form, text);
  return { value, origin: 'default' };
}

/** @param where before the reason; @param source of the configuration */
function orRefused(
  read: () => SettingValue,
  code: FailureCode,
  where: string,
  source?: string,
): SettingValue {
  try {
    return read();
  } catch (cause) {
    const why = [where, (cause as Error).message].filter(Boolean).join(': ');
    throw new Failure(code, why, source === undefined ? {} : { source }, { cause });
  }
}

/** The name under which commander keeps a flag: `--state-dir` is stateDir. */
function optionName(flag: string): string {
  return flag.slice(2).replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

async function settingsFiles(flags: Flags, io: Io): Promise<SettingsFile[]> {
  const named = (flags['config'] as string | undefined) ?? (io.env['HOLDFAST_CONFIG'] || undefined);
  const xdg = io.env['XDG_CONFIG_HOME'];
  const base = xdg !== undefined && isAbsolute(xdg) ? xdg : join(io.home, '.config');
  const files = [
    named === undefined
      ? await readSettingsFile(join(base, 'holdfast', 'config.yaml'), false)
      : await readSettingsFile(resolve(io.cwd, named), true),
    await readSettingsFile(join(io.etc, 'holdfast', 'config.yaml'), false),
  ];
  return files.filter((file) => file !== undefined);
}
