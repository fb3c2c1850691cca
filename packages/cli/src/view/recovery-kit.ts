import type { KeyList } from '@holdfast/model';
import { commandLine } from '../term/quote.ts';
import { pairs } from '../term/table.ts';

/** What a page for the safe has to say. */
export interface RecoveryKit {
  /** As `--repo` takes it. */
  readonly repository: string;
  readonly id: string;
  readonly madeAt: Date;
  /** Undefined: nothing is sealed or signed. */
  readonly list: KeyList | undefined;
  /** Secret keys that are to be printed too, with what they are called. */
  readonly secrets: readonly { readonly name: string; readonly publicKey: string; readonly text: string }[];
}

/**
 * One page of plain text with everything that it takes to get snapshots back, apart from the secret keys, unless these are
 * to stand there as well.
 */
export function recoveryKitText(kit: RecoveryKit): string {
  const { list } = kit;
  const made = kit.madeAt.toISOString().slice(0, 10);
  const parts = [
    `HOLDFAST RECOVERY KIT\n\n${pairs([
      ['repository', kit.repository],
      ['id', kit.id],
      ['keys', list === undefined ? 'none' : `list ${list.sequence} of ${list.at.slice(0, 10)}`],
      ['printed', made],
    ])}`,
    readers(list),
    signers(list),
    secretKeys(kit),
    `WITH HOLDFAST\n${indented(withHoldfast(kit))}`,
    `WITHOUT HOLDFAST (docs/format.md tells more)\n${indented(withoutHoldfast(list))}`,
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function readers(list: KeyList | undefined): string {
  if (list === undefined || list.recipients.length === 0)
    return 'SEALED FOR nobody: who can read the place can read the snapshots.\n';
  const kept = (key: string): string => {
    const ways = list.secrets
      .filter(({ recipient }) => recipient === key)
      .map(({ object, sealedFor }) =>
        sealedFor === 'passphrase'
          ? `  its secret key: ${object}, opened by a passphrase\n`
          : `  its secret key: ${object}, opened by that of\n${sealedFor.map((each) => `    ${each}\n`).join('')}`,
      );
    return ways.join('');
  };
  const former = new Set(list.secrets.map(({ recipient }) => recipient));
  for (const { key } of list.recipients) former.delete(key);
  const now = list.recipients.map(({ name, key }) => `${name}\n  ${key}\n${kept(key)}`).join('');
  const before = [...former].map((key) => `former key, for older snapshots\n  ${key}\n${kept(key)}`).join('');
  return `SEALED FOR (one of the secret keys is enough)\n${indented(now + before)}`;
}

function signers(list: KeyList | undefined): string {
  if (list === undefined || list.signers.length === 0) return '';
  const lines = list.signers.map(({ name, role, keyid, until, revokedAt }) => {
    const ended = revokedAt === undefined ? until && ', retired' : ', revoked: it counts for nothing';
    return `${name}: ${role}${ended ?? ''}\n  ${keyid}\n`;
  });
  return `SIGNED BY\n${indented(lines.join(''))}`;
}

/** Groups of a size that eyes and fingers keep; the last letters of a key show a typing error. */
function secretKeys({ secrets }: RecoveryKit): string {
  if (secrets.length === 0) return '';
  const lines = secrets.map(({ name, publicKey, text }) => {
    const prefix = 'AGE-SECRET-KEY-1';
    const groups = text.slice(prefix.length).match(/.{1,10}/g) ?? [];
    return `${name} (${publicKey.slice(0, 12)}…)\n  ${[prefix, ...groups.slice(0, 3)].join(' ')}\n  ${groups.slice(3).join(' ')}\n`;
  });
  return `SECRET KEYS (who has this page can read every snapshot: keep it in a safe)\n${indented(
    `${lines.join('')}Typed into a file key.txt as one line, in capitals, without the blanks.\n`,
  )}`;
}

function withHoldfast({ repository, list }: RecoveryKit): string {
  const key = list === undefined || list.recipients.length === 0 ? [] : ['--identity-file', 'key.txt'];
  const command = (...words: string[]): string =>
    `${commandLine(['holdfast', ...words, '--repo', repository, ...key])}\n`;
  const byPassphrase = list?.secrets.some(({ sealedFor }) => sealedFor === 'passphrase') === true;
  return `${command('snapshot', 'list')}${command('snapshot', 'export', 'latest', '--to', 'snapshot.db')}${
    byPassphrase ? 'with a passphrase: --passphrase-file FILE instead of --identity-file\n' : ''
  }`;
}

function withoutHoldfast(list: KeyList | undefined): string {
  const sealed = list !== undefined && list.recipients.length > 0;
  const byPassphrase = list?.secrets.find(({ sealedFor }) => sealedFor === 'passphrase');
  const handed = list?.secrets.find(({ sealedFor }) => sealedFor !== 'passphrase');
  return [
    'Fetch clusters/<cluster id>/snapshots/<name>/ and the folder keys/ from the repository.',
    ...(sealed
      ? ['age -d -i key.txt snapshot.db.zst.age | zstd -d > snapshot.db']
      : ['zstd -d snapshot.db.zst, where it is not snapshot.db already']),
    ...(byPassphrase === undefined
      ? []
      : [`with a passphrase: age -d -i ${byPassphrase.object} … asks for it`]),
    ...(handed === undefined
      ? []
      : [
          `an older snapshot: age -d -i key.txt ${handed.object} > older.txt,`,
          'then the same with older.txt',
        ]),
    ...(sealed ? ['what else the cluster needs: age -d -i key.txt companions.tar.age | tar -x'] : []),
    'etcdutl snapshot status snapshot.db -w table',
    'etcdutl snapshot restore snapshot.db --data-dir /var/lib/etcd-restored \\',
    '  --name m1 --initial-cluster m1=https://ADDRESS:2380 \\',
    '  --initial-advertise-peer-urls https://ADDRESS:2380 \\',
    '  --bump-revision 1000000000 --mark-compacted',
  ]
    .map((line) => `${line}\n`)
    .join('');
}

function indented(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '  ');
}
