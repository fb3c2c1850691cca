import type { SettingForm, SettingName } from './table.ts';

/** The value of a setting: text and paths as strings, lists as arrays. */
export type SettingValue = string | boolean | readonly string[];

/** What each setting came to; absent when nobody set it. */
export interface Settings {
  /** Each a folder, `s3://…`, or the name of a configured repository; the first is the one that is read. */
  readonly repo?: readonly string[];
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
  readonly policyFile: string;
  readonly s3Endpoint?: string;
  readonly s3Region?: string;
  readonly s3Style?: 'auto' | 'path' | 'virtual-host';
  readonly s3Ca?: string;
  readonly s3SkipVerify?: boolean;
  readonly s3Proxy?: string;
  readonly s3CredentialsFile?: string;
  readonly s3Role?: string;
  readonly s3StorageClass?: string;
  readonly s3Encryption?: string;
  readonly s3Lock?: string;
  readonly identityFile?: string;
  readonly passphraseFile?: string;
  readonly passphrase?: string;
  readonly signingKey?: string;
  readonly trustedKeys?: string;
  readonly require?: 'signed' | 'any';
  /** `none`: this machine. */
  readonly server?: string;
  readonly serverTokenFile?: string;
  readonly serverToken?: string;
  readonly serverCa?: string;
  readonly serverCaSha256?: string;
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
export function parseSetting(form: SettingForm, text: string): SettingValue {
  if (form === 'places') return [text];
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
