import { Failure } from '@holdfast/base';
import { required } from '../program/require.ts';
import type { Session } from '../session.ts';
import { parseAddress } from '../settings/checked-value.ts';
import { keySettings } from '../settings/key-table.ts';
import type { DescribedS3, Place } from '../settings/places.ts';
import { s3Settings } from '../settings/s3-table.ts';
import { settingRows, type SettingName } from '../settings/table.ts';

type Chosen = Pick<Session, 'settings' | 'origins' | 'repositories'>;

/**
 * The repositories that are meant, in order: those that `--repo` or `repository:` name, else all that the
 * configuration file describes.
 *
 * @throws Failure `usage` when none is set, or when flags say something of a bucket and none is named by its address
 */
export function chosenPlaces(session: Chosen): [Place, ...Place[]] {
  const { settings, repositories } = session;
  const words = new Set(settings.repo ?? repositories.keys());
  const places = [...words].map((word) => repositories.get(word) ?? unnamedPlace(word, session));
  const [first, ...others] = places;
  if (first === undefined) {
    required(settings, 'repo');
    throw new Failure('usage', 'the configuration file describes no repository');
  }
  const flag = givenFlags(session, (each) => each in s3Settings)[0];
  if (flag !== undefined && !places.some(({ name }) => isAddress(name))) {
    const named = places.map(({ name }) => name).join(', ');
    throw new Failure(
      'usage',
      `${flag} is about buckets that --repo names as s3://bucket/folder, and ${named} ${places.length === 1 ? 'is' : 'are'} none`,
    );
  }
  return [first, ...others];
}

/** The repository that is read. */
export function chosenPlace(session: Chosen): Place {
  return chosenPlaces(session)[0];
}

/** Whether any is set. */
export function hasPlace({ settings, repositories }: Chosen): boolean {
  return settings.repo !== undefined || repositories.size > 0;
}

/**
 * The words of a command line by which the repository that is read is found and opened again. What came from variables
 * and from the usual files comes from there again.
 */
export function placeFlags(session: Chosen & Pick<Session, 'config'>): string[] {
  const { name } = chosenPlace(session);
  return ['--repo', name, ...wayFlags(session, name)];
}

/** The same without the repository itself: the way to the one of this name, and what opens it. */
export function wayFlags(session: Chosen & Pick<Session, 'config'>, name: string): string[] {
  const own = givenFlags(session, (each) => each in keySettings || (isAddress(name) && each in s3Settings));
  return [...own, ...configFlags(session)];
}

/** The words that a command on the queue needs as this one did: where it is, and for what runs it all that opens repositories. */
export function queueFlags(session: Chosen & Pick<Session, 'config'>, runs: boolean): string[] {
  const isNeeded = (each: SettingName): boolean =>
    each === 'stateDir' || (runs && (each in keySettings || each in s3Settings));
  return [...givenFlags(session, isNeeded), ...configFlags(session)];
}

function configFlags({ config }: Pick<Session, 'config'>): string[] {
  return config === undefined ? [] : ['--config', config];
}

/** The flags of this command line that say a setting, each with its value. */
export function givenFlags(
  { origins }: Pick<Session, 'origins'>,
  which: (name: SettingName) => boolean,
): string[] {
  return origins.flatMap(({ name, value, origin }) => {
    const { flag } = settingRows.find((row) => row.name === name)!;
    if (flag === undefined || origin !== flag || value === undefined || !which(name)) return [];
    if (value === true) return [flag];
    if (name === 'repo') return (value as readonly string[]).flatMap((each) => [flag, each]);
    return [flag, Array.isArray(value) ? value.join(',') : String(value)];
  });
}

function isAddress(word: string): boolean {
  return word.startsWith('s3://');
}

function unnamedPlace(word: string, session: Chosen): Place {
  const at = isAddress(word) ? { s3: addressed(word, session) } : { folder: word };
  return { name: word, required: true, dropLocal: false, limits: {}, at };
}

/** What a policy file has is checked nowhere else. @throws Failure `usage` */
function addressIn(word: string): ReturnType<typeof parseAddress> {
  try {
    return parseAddress(word);
  } catch (error) {
    if (error instanceof RangeError) throw new Failure('usage', `${JSON.stringify(word)}: ${error.message}`);
    throw error;
  }
}

function addressed(word: string, { settings }: Chosen): DescribedS3 {
  const { bucket, folder } = addressIn(word);
  const { s3Endpoint, s3Region, s3Style, s3Ca, s3SkipVerify, s3Proxy, s3CredentialsFile } = settings;
  const { s3Role, s3StorageClass, s3Encryption, s3Lock } = settings;
  return {
    bucket,
    ...(folder !== '' && { folder }),
    ...(s3Endpoint !== undefined && { endpoint: s3Endpoint }),
    ...(s3Region !== undefined && { region: s3Region }),
    ...(s3Style !== undefined && { style: s3Style }),
    ...(s3Ca !== undefined && { caFile: s3Ca }),
    ...(s3SkipVerify !== undefined && { skipVerify: s3SkipVerify }),
    ...(s3Proxy !== undefined && { proxy: s3Proxy }),
    ...(s3CredentialsFile !== undefined && { credentialsFile: s3CredentialsFile }),
    ...(s3Role !== undefined && { role: { arn: s3Role } }),
    ...(s3StorageClass !== undefined && { storageClass: s3StorageClass }),
    ...(s3Encryption !== undefined && { encryption: s3Encryption }),
    ...(s3Lock !== undefined && { lock: s3Lock }),
  };
}
