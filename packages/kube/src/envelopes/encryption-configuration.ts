import { readYaml } from '../text/yaml-text.ts';
import type { LocalProvider } from './open.ts';
import { maskedResource } from './rules.ts';

/** A named key. Its secret never goes into a message. */
interface EncryptionKey {
  readonly name: string;
  readonly secret: Uint8Array;
}

/** One provider of a rule, in the order in which apiserver tries them; the first one writes, with its first key. */
export type EncryptionProvider =
  | { readonly kind: 'identity' }
  | { readonly kind: LocalProvider; readonly keys: readonly EncryptionKey[] }
  | { readonly kind: 'kms-v1' | 'kms-v2'; readonly name: string; readonly endpoint: string };

/** Which providers hold for which resources (`secrets`, `deployments.apps`, `*.apps`, `*.`, `*.*`). */
interface EncryptionRule {
  readonly resources: readonly string[];
  readonly providers: readonly EncryptionProvider[];
}

/** An EncryptionConfiguration, `apiserver.config.k8s.io/v1`. */
export interface EncryptionConfiguration {
  readonly rules: readonly EncryptionRule[];
}

/** A file that is read, or the reason why it cannot be, which holds nothing of its content. */
export type Parsed<T> =
  | { readonly value: T; readonly fault?: never }
  | { readonly value?: never; readonly fault: string };

const keyBytes: Readonly<Record<LocalProvider, readonly number[]>> = {
  aescbc: [16, 24, 32],
  aesgcm: [16, 24, 32],
  secretbox: [32],
};

/** Why a configuration is refused; carries no content of it. */
class Unfit extends Error {}

/** Reads an EncryptionConfiguration (YAML or JSON; also `kind: EncryptionConfig` of `apiVersion: v1`, as old RKE wrote). */
export function parseEncryptionConfiguration(content: Uint8Array): Parsed<EncryptionConfiguration> {
  const { value, fault } = readYaml(content);
  if (fault !== undefined) return { fault };
  try {
    const root = mapping(value, 'the file');
    const kind = `${String(root['apiVersion'])} ${String(root['kind'])}`;
    if (kind !== 'apiserver.config.k8s.io/v1 EncryptionConfiguration' && kind !== 'v1 EncryptionConfig')
      throw new Unfit('it is not an EncryptionConfiguration of apiserver.config.k8s.io/v1');
    const rules = sequence(root['resources'], 'resources').map((rule, at) =>
      readRule(rule, `resources[${at}]`),
    );
    const masked = maskedResource(rules);
    if (masked !== undefined) throw new Unfit(`an earlier rule hides the one for ${masked}`);
    return { value: { rules } };
  } catch (error) {
    if (error instanceof Unfit) return { fault: error.message };
    throw error;
  }
}

function readRule(value: unknown, at: string): EncryptionRule {
  const rule = mapping(value, at);
  return {
    resources: sequence(rule['resources'], `${at}.resources`).map((each) => text(each, `${at}.resources`)),
    providers: sequence(rule['providers'], `${at}.providers`).map((each, index) =>
      readProvider(each, `${at}.providers[${index}]`),
    ),
  };
}

function readProvider(value: unknown, at: string): EncryptionProvider {
  const [entry, ...more] = Object.entries(mapping(value, at));
  if (entry === undefined || more.length > 0) throw new Unfit(`${at} must name exactly one provider`);
  const [kind, settings] = entry;
  switch (kind) {
    case 'identity':
      return { kind };
    case 'aescbc':
    case 'aesgcm':
    case 'secretbox': {
      const where = `${at}.${kind}.keys`;
      const keys = sequence(mapping(settings, `${at}.${kind}`)['keys'], where);
      return { kind, keys: keys.map((each, index) => readKey(each, kind, `${where}[${index}]`)) };
    }
    case 'kms': {
      const kms = mapping(settings, `${at}.kms`);
      const version = kms['apiVersion'] ?? 'v1';
      if (version !== 'v1' && version !== 'v2') throw new Unfit(`${at}.kms.apiVersion is neither v1 nor v2`);
      return {
        kind: `kms-${version}`,
        name: text(kms['name'], `${at}.kms.name`),
        endpoint: text(kms['endpoint'], `${at}.kms.endpoint`),
      };
    }
    default:
      throw new Unfit(`${at} names a provider that is not known`);
  }
}

function readKey(value: unknown, provider: LocalProvider, at: string): EncryptionKey {
  const { name, secret } = mapping(value, at);
  const encoded = text(secret, `${at}.secret`);
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.toString('base64') !== encoded) throw new Unfit(`${at}.secret is not base64`);
  if (!keyBytes[provider].includes(bytes.length))
    throw new Unfit(
      `${at}.secret has ${bytes.length} bytes, and ${provider} takes ${keyBytes[provider].join(', ')}`,
    );
  return { name: text(name, `${at}.name`), secret: bytes };
}

function mapping(value: unknown, at: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Unfit(`${at} is not a mapping`);
  return value as Record<string, unknown>;
}

function sequence(value: unknown, at: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length === 0) throw new Unfit(`${at} is not a list with entries`);
  return value;
}

function text(value: unknown, at: string): string {
  if (typeof value !== 'string' || value === '') throw new Unfit(`${at} is not a text`);
  return value;
}
