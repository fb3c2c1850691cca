import type { ForeignSnapshot } from '../foreign.ts';
import type { MemberFolder } from '../member-folders.ts';

/** What a member's files tell without being opened: how they lie, when they were written, what an etcd can make of them. */
type MemberFacts = Pick<ForeignSnapshot, 'path' | 'form' | 'size' | 'restorable' | 'notes'> & {
  readonly writtenAt: Date;
};

/** What is to be said of a member's folder as a snapshot. */
export function memberFacts(member: MemberFolder): MemberFacts {
  const { folder, form, db, wal, snap, files } = member;
  const own = [...(db === null ? [] : [db]), ...wal, ...snap];
  const newest = Math.max(...own.map(({ modifiedAt }) => modifiedAt.getTime()));
  return {
    path: folder === '' ? '.' : folder,
    form,
    size: files.reduce((sum, file) => sum + file.size, 0),
    writtenAt: new Date(newest),
    restorable: db !== null && db.size > 0,
    notes: notesOn(member),
  };
}

function notesOn({ db, wal }: MemberFolder): string[] {
  if (db === null) return wal.length === 0 ? ['It has neither a database nor a log.'] : version2;
  if (db.size === 0) return ['Its database is empty.'];
  if (wal.length === 0)
    return ['Its log is missing: what etcd had acknowledged and not yet put into the database is lost.'];
  return [
    'Its log may hold acknowledged writes that its database lacks: with an `etcd` on the PATH it is replayed when this is read.',
  ];
}

/** Tried with etcd 3.4.23; later ones have no `etcdctl migrate`, and 3.4 itself does not start without a database. */
const version2 = [
  'It holds the store of etcd 2 and no database of etcd 3, so no etcd of today can be started from it.',
  'Its keys can be carried over with the programs of etcd 3.4, on a copy: `ETCDCTL_API=3 etcdctl migrate --data-dir COPY`, `etcd --data-dir COPY --force-new-cluster`, and then a snapshot of that. To run it as it was takes etcd 2.3: `etcd --data-dir COPY --force-new-cluster`.',
];
