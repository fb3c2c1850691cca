import type { DrillCheck, HashKv, SnapshotManifest } from '@holdfast/model';
import { verifyContent, type SnapshotContent } from '../content/index.ts';
import type { VerbContext } from '../context.ts';
import { said, type Answers } from './questions.ts';

/**
 * Holds what the throw-away etcd said against the snapshot, read to its end once more: the keys alive, and HashKV computed
 * from it at the very point at which etcd was asked.
 *
 * @throws as the content; of its scratch not-enough-space, disk-full, file-unwritable; the signal's reason
 */
export async function compareWithSnapshot(
  context: VerbContext,
  snapshot: SnapshotContent,
  { keys, hashKv }: Pick<Answers, 'keys' | 'hashKv'>,
  { content: expected, hashKv: recorded }: Pick<SnapshotManifest, 'content' | 'hashKv'>,
): Promise<DrillCheck[]> {
  const live = 'hashKv' in hashKv ? hashKv.hashKv : null;
  const found = await verifyContent(context, snapshot, { phase: 'compare', expected, hashKv: live });
  return [
    keysCheck(keys, found.readableKeys),
    'missing' in hashKv
      ? said('hashkv', 'skipped', hashKv.missing)
      : hashCheck(
          found.checks.find((each) => each.check === 'hashkv'),
          hashKv.hashKv,
          recorded,
        ),
  ];
}

function keysCheck(keys: number, expected: number | null): DrillCheck {
  if (expected === null) {
    return said('keys', 'failed', 'the keys of the snapshot cannot be counted: its records are damaged');
  }
  return keys === expected
    ? said('keys', 'passed', `${keys}, as in the snapshot`)
    : said('keys', 'failed', `there are ${keys}, the snapshot has ${expected}`);
}

/** @param recorded what the live member said when the snapshot was saved; compared where it speaks of the same point */
function hashCheck(
  computed: { outcome: DrillCheck['outcome']; detail: string } | undefined,
  live: HashKv,
  recorded: HashKv | null,
): DrillCheck {
  const samePoint = recorded?.revision === live.revision && recorded.compactRevision === live.compactRevision;
  if (samePoint && recorded.hash !== live.hash) {
    return said(
      'hashkv',
      'failed',
      `it is ${live.hash} at revision ${live.revision}, and was ${recorded.hash} on the member that was saved`,
    );
  }
  const { outcome = 'skipped', detail = 'it was not computed' } = computed ?? {};
  const told =
    outcome === 'failed' ? detail : `${live.hash} at revision ${live.revision}, as computed from the file`;
  return said(
    'hashkv',
    outcome,
    outcome === 'skipped' ? detail : told + (samePoint ? ' and on the member that was saved' : ''),
  );
}
