import { Failure } from '@holdfast/base';
import { settingTable, type Setting, type SettingName } from '../settings/table.ts';
import type { Settings } from '../settings/value.ts';

/**
 * The value of a setting that a command cannot do without.
 *
 * @throws Failure `usage` that names every way to give it
 */
export function required<Name extends SettingName>(
  settings: Settings,
  name: Name,
): NonNullable<Settings[Name]> {
  const value = settings[name];
  if (value !== undefined && !(Array.isArray(value) && value.length === 0)) return value;
  const { flag, variable, file }: Setting = settingTable[name];
  throw new Failure(
    'usage',
    `${flag} is missing (or ${variable}, or \`${file}:\` in the configuration file)`,
  );
}
