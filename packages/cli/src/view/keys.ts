import type { KeyList } from '@holdfast/model';
import type { Repository } from '@holdfast/repository';
import type { KeyChange } from '@holdfast/repository/keys';
import type { ChangeableKeys } from '../sources/key-place.ts';
import { apiVersion, type Answer, type View } from '../term/answer.ts';
import { table } from '../term/table.ts';
import { ago } from '../term/when.ts';

type Signer = KeyList['signers'][number];

/** The keys of a repository. */
export function keysAnswer({ location, record, ring: { list } }: Repository): Answer {
  return {
    json: {
      apiVersion,
      kind: 'RepositoryKeys',
      repository: location,
      id: record.id,
      sequence: list?.sequence ?? null,
      changedAt: list?.at ?? null,
      recipients: list?.recipients ?? [],
      signers: list?.signers ?? [],
      secrets: list?.secrets ?? [],
    },
    names: [...(list?.recipients ?? []), ...(list?.signers ?? [])].map(({ name }) => name),
    text: (view) =>
      list === undefined
        ? 'No keys: what is stored is neither sealed nor signed. `holdfast repo keys add` adds the first.\n'
        : table(['NAME', 'ROLE', 'STATE', 'ADDED', 'KEY'], rows(list, view)),
  };
}

/**
 * What a change made of the keys, or would make.
 *
 * @param care what the user has to see to now, as a sentence
 */
export function keyChangeAnswer(
  { place }: ChangeableKeys,
  { before, list, left }: KeyChange,
  dryRun: boolean,
  care?: string,
): Answer {
  const added = listedKeys(list).filter(({ key, state }) => stateIn(before, key) !== state);
  const removed = listedKeys(before).filter(({ key }) => stateIn(list, key) === undefined);
  const known = new Set(before?.secrets.map(({ object }) => object));
  const stored = list.secrets.filter(({ object }) => !known.has(object));
  return {
    json: {
      apiVersion,
      kind: 'RepositoryKeyChange',
      repository: place.storage.location,
      dryRun,
      sequence: list.sequence,
      now: added,
      removed: removed.map(({ name, role, key }) => ({ name, role, key })),
      // What a dry run would store is not stored, and its name is another one each time.
      stored: dryRun ? stored.map(({ recipient, sealedFor }) => ({ recipient, sealedFor })) : stored,
      left,
    },
    names: added.map(({ name }) => name),
    text: ({ style }) =>
      [
        dryRun ? 'Would change the keys:' : `Changed the keys (list ${list.sequence}):`,
        ...added.map(
          ({ name, role, state, key }) => `  ${style('good', '+')} ${name}: ${role}, ${state} (${key})`,
        ),
        ...removed.map(({ name, role, key }) => `  ${style('bad', '-')} ${name}: ${role} no more (${key})`),
        ...stored.map(
          (secret) =>
            `  the ${isReader(list, secret.recipient) ? '' : 'former '}secret key of ${nameIn(isReader(list, secret.recipient) ? list : (before ?? list), secret.recipient)} is kept in the repository, opened by ${openers(list, secret)}`,
        ),
        ...(removed.length > 0
          ? [`${style('doubtful', '!')} What is stored already can be opened with a removed key for ever.`]
          : []),
        ...(care === undefined || dryRun ? [] : [`${style('doubtful', '!')} ${care}`]),
        ...left.map(
          (object) => `${style('doubtful', '!')} ${object} could not be removed: what opened it still does.`,
        ),
      ]
        .map((line) => `${line}\n`)
        .join(''),
  };
}

interface ListedKey {
  readonly name: string;
  readonly role: 'reader' | Signer['role'];
  readonly state: 'reads' | 'signs' | 'retired' | 'revoked';
  readonly key: string;
}

function listedKeys(list: KeyList | undefined): ListedKey[] {
  const { recipients = [], signers = [] } = list ?? {};
  return [
    ...recipients.map(({ name, key }) => ({ name, role: 'reader', state: 'reads', key }) as const),
    ...signers.map((signer) => ({
      name: signer.name,
      role: signer.role,
      state: stateOf(signer),
      key: signer.keyid,
    })),
  ];
}

function stateIn(list: KeyList | undefined, key: string): ListedKey['state'] | undefined {
  return listedKeys(list).find((each) => each.key === key)?.state;
}

function stateOf({ until, revokedAt }: Signer): ListedKey['state'] {
  if (revokedAt !== undefined) return 'revoked';
  return until === undefined ? 'signs' : 'retired';
}

function rows(list: KeyList, { style, now }: View): string[][] {
  const former = list.secrets.filter(({ recipient }) => !isReader(list, recipient));
  return [
    ...list.recipients.map(({ name, key, addedAt }) => {
      const secret = list.secrets.find((each) => each.recipient === key && each.sealedFor === 'passphrase');
      return [
        name,
        'reader',
        secret === undefined ? 'reads' : 'reads, by passphrase',
        ago(addedAt, now),
        key,
      ];
    }),
    ...list.signers.map((signer) => {
      const { name, role, addedAt, until, revokedAt, keyid } = signer;
      const [state, since] = [stateOf(signer), revokedAt ?? until];
      const words = since === undefined ? state : `${state} ${ago(since, now)}`;
      const tone = state === 'revoked' ? 'bad' : 'faint';
      return [name, role, state === 'signs' ? words : style(tone, words), ago(addedAt, now), keyid];
    }),
    ...former.map((secret) => [
      '-',
      'former',
      style('faint', `kept, opened by ${openers(list, secret)}`),
      '-',
      secret.recipient,
    ]),
  ];
}

/** What opens a secret key that is kept, in words. */
function openers(list: KeyList, { sealedFor }: KeyList['secrets'][number]): string {
  if (sealedFor === 'passphrase') return 'a passphrase';
  return sealedFor.map((key) => nameIn(list, key)).join(' or ');
}

function nameIn(list: KeyList, key: string): string {
  return list.recipients.find((each) => each.key === key)?.name ?? key;
}

function isReader(list: KeyList, key: string): boolean {
  return list.recipients.some((each) => each.key === key);
}
