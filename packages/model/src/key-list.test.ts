import { describe, expect, test } from 'vitest';
import { adminsOf, KeyList, policyOf, successionFault, type StoredKeyList } from './key-list.ts';

const repository = '3f0c7a52-1d4e-4a6b-9c01-5e2d7f8a9b10';
const keyOf = (letter: string): string => `age1${letter.repeat(58)}`;
const idOf = (letter: string): string => `SHA256:${letter.repeat(42)}A`;

type Signer = KeyList['signers'][number];
const signer = (letter: string, more: Partial<Signer> = {}): Signer => ({
  keyid: idOf(letter),
  publicKey: 'PEM',
  name: `key ${letter}`,
  role: 'admin',
  addedAt: '2026-11-20T09:00:00Z',
  ...more,
});

function listOf(more: Partial<KeyList> = {}): KeyList {
  return KeyList.parse({
    apiVersion: 'holdfast.dev/v1',
    kind: 'KeyList',
    repository,
    sequence: 2,
    previous: 'ab'.repeat(32),
    at: '2026-11-20T10:00:00Z',
    recipients: [{ key: keyOf('q'), name: 'ops', addedAt: '2026-11-20T09:00:00Z' }],
    signers: [signer('a')],
    secrets: [],
    ...more,
  });
}

const before = (more: Partial<KeyList> = {}): StoredKeyList => ({
  list: listOf({ sequence: 1, previous: null, at: '2026-11-20T09:00:00Z', ...more }),
  sha256: 'ab'.repeat(32),
});
const fault = (list: KeyList, signedBy: string, after: StoredKeyList | undefined = before()) =>
  successionFault(repository, after, list, signedBy.split('').map(idOf));

describe('a key list may stand where it stands', () => {
  const first = listOf({ sequence: 1, previous: null });
  const unsigned = before({ signers: [] });
  const over = before({ signers: [signer('a', { revokedAt: '2026-11-20T09:00:00Z' })] });

  test.each([
    ['the first, signed by an admin of its own', first, 'a', undefined, undefined],
    ['the first, signed by nobody', first, '', undefined, 'no admin of its own has signed it'],
    ['the first, signed by a stranger', first, 'b', undefined, 'no admin of its own has signed it'],
    ['the first without signers', { ...first, signers: [] }, '', undefined, undefined],
    ['the next, signed by an admin of the one before', listOf(), 'a', before(), undefined],
    ['the next, with another signature as well', listOf(), 'ab', before(), undefined],
    [
      'the next, signed only by one that it brings',
      listOf({ signers: [signer('b')] }),
      'b',
      before(),
      'no admin of the list before it has signed it',
    ],
    [
      'the next, in which its admin is revoked',
      listOf({ signers: [signer('a', { revokedAt: '2026-11-20T10:00:00Z' })] }),
      'a',
      before(),
      undefined,
    ],
    [
      'without signers, where there were some',
      listOf({ signers: [] }),
      '',
      before(),
      'no admin of the list before it has signed it',
    ],
    ['the first admin, who signs it', listOf(), 'a', unsigned, undefined],
    ['the first admin, who does not', listOf(), '', unsigned, 'no admin of its own has signed it'],
    ['after the last admin went', listOf({ signers: [] }), '', over, undefined],
    [
      'signed by a writer',
      listOf(),
      'b',
      before({ signers: [signer('a'), signer('b', { role: 'writer' })] }),
      'no admin of the list before it has signed it',
    ],
    [
      'signed by a retired admin',
      listOf(),
      'b',
      before({ signers: [signer('a'), signer('b', { until: '2026-11-20T09:00:00Z' })] }),
      'no admin of the list before it has signed it',
    ],
    [
      'of another repository',
      listOf({ repository: '7be4c0de-52a1-4f3c-a8d9-0c1b2a3d4e5f' }),
      'a',
      before(),
      'it is of repository 7be4c0de-52a1-4f3c-a8d9-0c1b2a3d4e5f',
    ],
    ['of another number', listOf({ sequence: 3 }), 'a', before(), 'it says that it is number 3, not 2'],
    [
      'after another list',
      listOf({ previous: 'cd'.repeat(32) }),
      'a',
      before(),
      'it follows another list than the one before it',
    ],
    [
      'a first that follows one',
      { ...first, previous: 'cd'.repeat(32) },
      'a',
      undefined,
      'it follows another list than the one before it',
    ],
    [
      'older than the one before',
      listOf({ at: '2026-11-20T08:59:59Z' }),
      'a',
      before(),
      'it says 2026-11-20T08:59:59Z, and the list before it 2026-11-20T09:00:00Z',
    ],
    ['as old as the one before', listOf({ at: '2026-11-20T09:00:00Z' }), 'a', before(), undefined],
  ])('%s', (_, list, signedBy, after, expected) => {
    expect(successionFault(repository, after, list, signedBy.split('').map(idOf))).toBe(expected);
  });

  test('and no field of it is anything else', () => {
    expect(fault(listOf(), 'a')).toBeUndefined();
    const recipient = { key: keyOf('q'), name: 'ops', addedAt: '2026-11-20T09:00:00Z' };
    for (const wrong of [
      { recipients: [recipient, recipient] },
      { recipients: [{ ...recipient, key: 'age1pq' }] },
      { recipients: [{ ...recipient, name: 'two\nlines' }] },
      { signers: [signer('a'), signer('a')] },
      { secrets: [{ recipient: keyOf('q'), object: 'keys/../x', sealedFor: 'passphrase' }] },
      { secrets: [{ recipient: keyOf('q'), object: `keys/secret-${'0'.repeat(32)}.age`, sealedFor: [] }] },
      { sequence: 0 },
    ])
      expect(KeyList.safeParse({ ...listOf(), ...wrong }).success, JSON.stringify(wrong)).toBe(false);
  });
});

describe('whose signatures count', () => {
  const revokedAt = '2026-11-20T10:00:00Z';

  test('all signers, each with its end; those of the reader too', () => {
    const list = listOf({
      signers: [signer('a'), signer('b', { role: 'writer', until: revokedAt }), signer('c', { revokedAt })],
    });
    const stranger = [{ keyid: idOf('d'), comment: null }];
    expect(policyOf(list, stranger)).toEqual({
      require: 'signed',
      keys: [
        { keyid: idOf('a'), name: 'key a' },
        { keyid: idOf('b'), name: 'key b', until: revokedAt },
        { keyid: idOf('c'), name: 'key c', revokedAt },
        { keyid: idOf('d'), name: idOf('d') },
      ],
    });
    expect(adminsOf(list).map(({ keyid }) => keyid)).toEqual([idOf('a')]);
  });

  test('unsigned is taken where there is no admin, or the reader says so', () => {
    expect(policyOf(listOf({ signers: [] }), []).require).toBe('any');
    expect(policyOf(listOf({ signers: [signer('a', { revokedAt })] }), []).require).toBe('any');
    expect(policyOf(listOf({ signers: [signer('a', { role: 'writer' })] }), []).require).toBe('any');
    expect(policyOf(listOf(), [], 'any').require).toBe('any');
    expect(policyOf(listOf({ signers: [] }), [], 'signed').require).toBe('signed');
  });
});
