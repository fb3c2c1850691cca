import type { Setting, SettingName } from './table.ts';

/** The value of a setting: text and paths as strings, lists as arrays. */
export type SettingValue = string | boolean | readonly string[];

/** What each setting came to; absent when nobody set it. */
export interface Settings {
  readonly repo?: string;
  readonly cluster?: string;
  readonly endpoints?: readonly string[];
  readonly cacert?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly user?: string;
  readonly passwordFile?: string;
  readonly password?: string;
  readonly etcdProgram: string;
  readonly stateDir: string;
  readonly output: string;
  readonly utc: boolean;
}

/** A setting's value and where it came from, in words: `--repo`, `HOLDFAST_REPO`, `/etc/holdfast/config.yaml:3`. */
export interface Origin {
  readonly name: SettingName;
  readonly value: SettingValue | undefined;
  readonly origin: string;
}

/**
 * Reads a setting's text as its form asks. The inverse of how a person writes it in a variable or a flag.
 *
 * @throws RangeError when the text does not have the form
 */
export function parseSetting(form: Setting['form'], text: string): SettingValue {
  if (form === 'list') {
    return text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
  }
  if (form !== 'boolean') return text;
  if (/^(?:true|1|yes)$/i.test(text)) return true;
  if (/^(?:false|0|no)$/i.test(text)) return false;
  throw new RangeError(`"${text}" is neither true nor false`);
}
