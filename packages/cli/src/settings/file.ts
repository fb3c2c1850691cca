import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Failure } from '@holdfast/base';
import type { Places } from './places.ts';
import type { SettingName } from './table.ts';
import type { SettingValue } from './value.ts';

/** The settings of one configuration file, each with its line. */
export interface SettingsFile {
  readonly path: string;
  /** Relative paths in the file start in its own folder. */
  readonly folder: string;
  readonly values: ReadonlyMap<SettingName, { readonly value: SettingValue; readonly line: number }>;
  /** Undefined where it describes none. */
  readonly repositories: Places | undefined;
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
  const [{ parseSettings }, { placeOf }] = await Promise.all([
    import('./yaml.ts'),
    import('./places-schema.ts'),
  ]);
  const { values, repositories } = parseSettings(text, (line, problem) => {
    throw new Failure('config-invalid', `line ${line}: ${problem}`, { source: path });
  });
  const folder = dirname(path);
  const entries = Object.entries(repositories ?? {});
  return {
    path,
    folder,
    values,
    repositories:
      repositories && new Map(entries.map(([name, entry]) => [name, placeOf(name, entry, folder)])),
  };
}
