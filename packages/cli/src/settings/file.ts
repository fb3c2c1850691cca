import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Failure } from '@holdfast/base';
import type { SettingName } from './table.ts';
import type { SettingValue } from './value.ts';

/** The settings of one configuration file, each with its line. */
export interface SettingsFile {
  readonly path: string;
  /** Relative paths in the file start in its own folder. */
  readonly folder: string;
  readonly values: ReadonlyMap<SettingName, { readonly value: SettingValue; readonly line: number }>;
}

/**
 * Reads and checks a YAML configuration file. Undefined when there is none at `path` and it need not be there.
 *
 * @throws Failure `config-invalid` with the line, `file-unreadable`
 */
export async function readSettingsFile(path: string, mustExist: boolean): Promise<SettingsFile | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (!mustExist && (code === 'ENOENT' || code === 'ENOTDIR')) return undefined;
    throw new Failure('file-unreadable', (cause as Error).message, { path }, { cause });
  }
  const { values } = await import('./yaml.ts');
  const settings = values(text, (line, problem) => {
    throw new Failure('config-invalid', `line ${line}: ${problem}`, { source: path });
  });
  return { path, folder: dirname(path), values: settings };
}
