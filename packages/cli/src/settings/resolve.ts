import { isAbsolute, join, resolve } from 'node:path';
import { Failure } from '@holdfast/base';
import type { Io } from '../io.ts';
import { readSettingsFile, type SettingsFile } from './file.ts';
import { settingRows, type Setting } from './table.ts';
import { parseSetting, type Origin, type Settings, type SettingValue } from './value.ts';

/** The options of a command as commander parsed them. */
export type Flags = Readonly<Record<string, unknown>>;

/**
 * Decides every setting: flag, then HOLDFAST_ variable, then etcdctl's variable, then the user's file (or --config),
 * then the machine's file, then the default.
 *
 * @throws Failure `config-invalid`, `file-unreadable`
 */
export async function resolveSettings(flags: Flags, io: Io): Promise<Origin[]> {
  const files = await settingsFiles(flags, io);
  return settingRows.map((row) => ({ name: row.name, ...valueOf(row, flags, files, io) }));
}

/** The values alone, as the commands use them. */
export function valuesOf(origins: readonly Origin[]): Settings {
  const set = origins.filter((each) => each.value !== undefined).map((each) => [each.name, each.value]);
  return Object.fromEntries(set) as Settings;
}

function valueOf(
  row: Setting & { readonly name: string },
  flags: Flags,
  files: readonly SettingsFile[],
  io: Io,
): Pick<Origin, 'value' | 'origin'> {
  const flag = row.flag === undefined ? undefined : flags[optionName(row.flag)];
  if (row.flag !== undefined && flag !== undefined) {
    const value = typeof flag === 'string' ? parseSetting(row.form, flag) : (flag as SettingValue);
    return { value: rooted(row, value, io.cwd), origin: row.flag };
  }
  for (const variable of [row.variable, row.etcdctl]) {
    const text = variable === undefined ? undefined : io.env[variable];
    if (variable === undefined || text === undefined || text === '') continue;
    return { value: rooted(row, fromVariable(row, variable, text), io.cwd), origin: variable };
  }
  for (const file of files) {
    const found = file.values.get(row.name as Origin['name']);
    if (found === undefined) continue;
    return { value: rooted(row, found.value, file.folder), origin: `${file.path}:${found.line}` };
  }
  const text = io.isRoot === true ? (row.rootDefault ?? row.default) : row.default;
  if (text === undefined) return { value: undefined, origin: 'not set' };
  const value = row.form === 'path' ? text.replace(/^~(?=\/)/, io.home) : parseSetting(row.form, text);
  return { value, origin: 'default' };
}

/** The name under which commander keeps a flag: `--state-dir` is stateDir. */
function optionName(flag: string): string {
  return flag.slice(2).replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function fromVariable(row: Setting, variable: string, text: string): SettingValue {
  try {
    return parseSetting(row.form, text);
  } catch (cause) {
    throw new Failure('config-invalid', (cause as Error).message, { source: variable }, { cause });
  }
}

function rooted(row: Setting, value: SettingValue, folder: string): SettingValue {
  return row.form === 'path' && typeof value === 'string' ? resolve(folder, value) : value;
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
