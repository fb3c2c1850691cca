import {
  type EncryptionConfiguration,
  parseEncryptionConfiguration,
} from '../envelopes/encryption-configuration.ts';
import type { CensusGroup } from '../envelopes/census.ts';
import { isEncryption } from '../envelopes/envelope.ts';
import { formatGroupResource } from '../envelopes/storage-key.ts';
import { type Trial, type TrialResult, tryKeys } from '../envelopes/trial.ts';
import type { Files } from '../pki/certificate-sight.ts';
import { type CompanionFinding, type CompanionOutcome, type CompanionSet, counted } from './finding.ts';
import { encryptionFlag, referencesOf } from './references.ts';

/** Whether the keys are there that the snapshot's values are encrypted with, each tried on one value. */
export function encryptionFindings(set: CompanionSet, files: Files): CompanionFinding[] {
  const { path, content, named } = findConfiguration(set, files);
  return [...withConfiguration(set, path, content, named), ...uncertain(set)];
}

function withConfiguration(
  set: CompanionSet,
  path: string,
  content: Uint8Array | undefined,
  named: boolean,
): CompanionFinding[] {
  if (content === undefined && named)
    return [aboutFile('failed', `${path} is missing, and the API server is started with it.`, path)];
  if (content === undefined) return withoutConfiguration(set, path);
  const { value: configuration, fault } = parseEncryptionConfiguration(content);
  if (configuration === undefined)
    return [aboutFile('failed', `${path} is not one that an API server takes: ${fault}.`, path)];
  return [
    aboutFile(
      'ok',
      `${path} is an EncryptionConfiguration with ${counted(configuration.rules.length, 'rule')}.`,
      path,
    ),
    ...keyFindings(set, configuration),
  ];
}

/** The file that the API server is started with, or where a distribution writes its own. */
function findConfiguration(
  { distribution, dataDir }: CompanionSet,
  files: Files,
): { readonly path: string; readonly content: Uint8Array | undefined; readonly named: boolean } {
  const reference = referencesOf(distribution, files).find(({ flag }) => flag === encryptionFlag);
  const rancher = `${dataDir ?? `/var/lib/rancher/${distribution}`}/server/cred/encryption-config.json`;
  const usual = {
    kubeadm: '',
    k3s: rancher,
    rke2: rancher,
    rke: '/etc/kubernetes/ssl/encryption.yaml',
    plain: '',
  }[distribution];
  const path = reference?.path ?? usual;
  return { path, content: files.get(path), named: reference !== undefined };
}

function withoutConfiguration({ snapshot }: CompanionSet, path: string): CompanionFinding[] {
  const groups = snapshot.census.groups.filter(
    ({ resource, form }) => resource !== null && isEncryption(form),
  );
  if (groups.length === 0)
    return snapshot.census.values === 0
      ? []
      : [
          {
            check: 'encryption-configuration',
            outcome: 'ok',
            sentence: 'No value of the snapshot is encrypted, so that no keys are needed for it.',
            evidence: { values: snapshot.census.values },
          },
        ];
  const values = groups.reduce((sum, group) => sum + group.values, 0);
  return [
    {
      check: 'encryption-configuration',
      outcome: 'failed',
      sentence: `${counted(values, 'value')} of the snapshot cannot be read: no EncryptionConfiguration is among the files.`,
      evidence: {
        values,
        resources: [...new Set(groups.map(nameOf))],
        keys: [...new Set(groups.map(({ form, keyName }) => `${form} ${keyName}`))],
        ...(path === '' ? {} : { path }),
      },
    },
  ];
}

/** One finding for each key and result, whatever resources it is about. */
function keyFindings({ snapshot }: CompanionSet, configuration: EncryptionConfiguration): CompanionFinding[] {
  const byKey = new Map<string, Trial[]>();
  for (const trial of tryKeys(snapshot.census, configuration)) {
    const { form, keyName } = trial.group;
    if (trial.result === 'plain') continue;
    const id = JSON.stringify([trial.result === 'no-identity' ? '' : form, keyName, trial.result]);
    byKey.set(id, [...(byKey.get(id) ?? []), trial]);
  }
  return [...byKey.values()].map(ofKey);
}

/** What the census could not sort. */
function uncertain({ snapshot: { census } }: CompanionSet): CompanionFinding[] {
  const elsewhere = census.groups
    .filter(({ resource, form }) => resource === null && isEncryption(form))
    .reduce((sum, group) => sum + group.values, 0);
  return [
    ...uncertainValues(census.uncounted, 'could not be told apart: there are too many names of keys'),
    ...uncertainValues(
      elsewhere,
      `outside of ${census.prefix} cannot be tried: they are encrypted, and of which resource is not known`,
    ),
  ];
}

function uncertainValues(values: number, what: string): CompanionFinding[] {
  if (values === 0) return [];
  const sentence = `${counted(values, 'value')} ${what}.`;
  return [{ check: 'encryption-key', outcome: 'unknown', sentence, evidence: { values } }];
}

const outcomes: Readonly<Record<TrialResult, CompanionOutcome>> = {
  opened: 'ok',
  plain: 'ok',
  'wrong-key': 'failed',
  'no-key': 'failed',
  'no-identity': 'failed',
  'needs-kms': 'warned',
  unknown: 'unknown',
};

function ofKey(trials: readonly Trial[]): CompanionFinding {
  const { group, result, kmsKeyId } = trials[0]!;
  const values = trials.reduce((sum, { group }) => sum + group.values, 0);
  const resources = trials.map(({ group }) => nameOf(group));
  const what = `${counted(values, 'value')} of ${someOf(resources)}`;
  const key = `${group.form} ${JSON.stringify(group.keyName)}`;
  const stale = trials.some(({ stale }) => stale);
  const sentences: Readonly<Record<TrialResult, string>> = {
    opened: `The key ${key} opens ${what}${stale ? '; it is still needed although new values are written otherwise' : ''}.`,
    plain: '',
    'wrong-key': `The key ${key} does not open ${what}: it is another key of that name, or the value is damaged.`,
    'no-key': `There is no ${key} in the configuration for ${what}, and without it they cannot be read.`,
    'no-identity': `There is no identity provider in the configuration for ${what}, and without it plain values cannot be read.`,
    'needs-kms': `The plugin ${key}${kmsKeyId === null ? '' : ` with its key ${JSON.stringify(kmsKeyId)}`} is needed for ${what}, and was not asked.`,
    unknown: `A provider that is not known here has encrypted ${what}.`,
  };
  return {
    check: 'encryption-key',
    outcome: outcomes[result],
    sentence: sentences[result],
    evidence: {
      provider: group.form,
      key: group.keyName ?? '',
      result,
      resources,
      values,
      stale,
      ...(kmsKeyId === null ? {} : { kmsKeyId }),
    },
  };
}

function aboutFile(outcome: CompanionOutcome, sentence: string, path: string): CompanionFinding {
  return { check: 'encryption-configuration', outcome, sentence, evidence: { path } };
}

/** A resource for people: keys of etcd may hold anything. */
function nameOf({ resource }: CensusGroup): string {
  return resource === null ? '' : formatGroupResource(resource).replaceAll(/\p{Cc}/gu, '?');
}

function someOf(names: readonly string[]): string {
  const shown = 5;
  const more = names.length - shown;
  return names.slice(0, shown).join(', ') + (more > 0 ? ` and ${counted(more, 'other resource')}` : '');
}
