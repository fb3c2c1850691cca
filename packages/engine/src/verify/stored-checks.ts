import { Check, type SnapshotManifest } from '@holdfast/model';

/**
 * Fails the check of the hash where the stored object is not the one of the manifest, whatever it opens to.
 *
 * @param sha256 of the stored bytes, hexadecimal; null where the content itself is what is stored
 */
export function checkStored(
  checks: readonly Check[],
  { objects }: SnapshotManifest,
  sha256: string | null,
): Check[] {
  const object = objects.find(({ role }) => role === 'snapshot');
  if (sha256 === null || object === undefined || object.sha256 === sha256) return [...checks];
  const wrong = `the SHA-256 of ${object.path} as it is stored is ${sha256}, the manifest says ${object.sha256}`;
  return checks.map((each) => {
    if (each.check !== 'sha256') return each;
    const before = each.outcome === 'failed' ? [each.detail] : [];
    return { check: 'sha256', outcome: 'failed', detail: [...before, wrong].join('; ') };
  });
}

/** The checks of an object that cannot be opened to its end, and so holds no snapshot. */
export function cannotBeOpened(why: string): Check[] {
  // What was read back is told only of what was just stored.
  const names = Check.shape.check.options.filter((check) => check !== 'readback');
  return names.map((check) =>
    check === 'sha256'
      ? { check, outcome: 'failed', detail: `the stored object cannot be opened to its end: ${why}` }
      : { check, outcome: 'skipped', detail: 'the stored object cannot be opened to its end' },
  );
}
