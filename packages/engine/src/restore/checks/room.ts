import { formatBytes, limits } from '@holdfast/base';
import type { PlannedMember } from '@holdfast/model';
import type { Finding, Subject } from './request.ts';

/** The artefact, and the database made of it, which may be a little larger. */
const copies = 2.2;
/** Bytes that etcd reserves for its log: two files of 64 MB (etcd's wal.SegmentSizeBytes). */
const logBytes = 2 * 64_000_000;

/** P11: every member has the disk and the memory for it, as its own machine has told. */
export function checkRoom(subject: Subject): Finding {
  const { plan } = subject;
  const looked = plan.members
    .filter(({ role }) => role === 'member')
    .map((member) => ({ member, room: member.sight.room, wanted: wantedBytes(subject, member) }));
  const faults: string[] = [];
  const shared = new Map<string, { free: number; wanted: number; names: string[] }>();
  for (const { member, room, wanted } of looked) {
    if (room === undefined) continue;
    const { name, dataDir } = member;
    if (!room.writable) faults.push(`${dataDir} of ${name} cannot be written to`);
    if (!room.renames) faults.push(`member of ${name} is on another file system than ${dataDir}`);
    if (room.memory < plan.source.size) {
      faults.push(
        `the machine of ${name} has ${formatBytes(room.memory)} of memory for a database of ${formatBytes(plan.source.size)}`,
      );
    }
    const sum = shared.get(room.fileSystem) ?? { free: room.free, wanted: 0, names: [] };
    sum.wanted += wanted;
    sum.names.push(name);
    shared.set(room.fileSystem, sum);
  }
  for (const { free, wanted, names } of shared.values()) {
    if (free >= wanted) continue;
    faults.push(`${names.join(', ')}: ${formatBytes(wanted)} are needed and ${formatBytes(free)} are free`);
  }
  const unseen = looked.filter(({ room }) => room === undefined).map(({ member }) => member.name);
  const evidence = {
    members: looked.map(({ member, room, wanted }) => ({ name: member.name, wanted, ...room })),
  };
  if (faults.length > 0) return { outcome: 'failed', detail: faults.join('; '), evidence };
  if (unseen.length > 0) {
    const detail = `the disks of ${unseen.join(', ')} could not be seen`;
    return { outcome: 'warned', detail, evidence };
  }
  return { outcome: 'passed', detail: 'every member has the disk and the memory for it', evidence };
}

/** Salvaging works on a copy, of which a snapshot is made. */
function wantedBytes({ plan: { source } }: Subject, { name }: PlannedMember): number {
  const more = source.kind === 'salvage' && source.member === name ? 1 : 0;
  return Math.ceil((copies + more) * source.size) + logBytes + limits.spareSpaceBytes;
}
