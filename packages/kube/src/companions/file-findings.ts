import { companionsOf } from './companion-list.ts';
import { type CompanionFinding, type CompanionSet, counted } from './finding.ts';
import { encryptionFlag, referencesOf } from './references.ts';

/** Whether everything is there that such a cluster needs. */
export function fileFindings(set: CompanionSet): CompanionFinding[] {
  const { distribution, files, snapshot, dataDir } = set;
  const named = companionsOf(distribution, dataDir === undefined ? {} : { dataDir }).filter(
    ({ path }) => !path.includes('*'),
  );
  const findings: CompanionFinding[] = [];
  for (const { path, why, secret, need, where } of named) {
    if (need === 'wanted' || files.has(path) || (where !== undefined && !files.has(where))) continue;
    findings.push({
      check: 'files',
      outcome: need === 'required' ? 'failed' : 'warned',
      sentence: `${path} is missing: ${why}.`,
      evidence: { path, secret, need },
    });
  }
  if (findings.length > 0) return findings;
  if (distribution === 'plain')
    return snapshot.census.groups.some(({ resource }) => resource !== null)
      ? [
          {
            check: 'files',
            outcome: 'unknown',
            sentence:
              'The snapshot holds Kubernetes objects, and where its API servers keep their keys is not known here.',
            evidence: { distribution },
          },
        ]
      : [];
  const required = named.filter(({ need }) => need === 'required').length;
  return [
    {
      check: 'files',
      outcome: 'ok',
      sentence: `Nothing is missing that a restore of ${distribution} cannot do without (${counted(required, 'file')}).`,
      evidence: { distribution, required, files: files.size },
    },
  ];
}

/** Whether the files are there that the API server is started with. The encryption keys have a check of their own. */
export function referenceFindings({ distribution, files }: CompanionSet): CompanionFinding[] {
  const references = referencesOf(distribution, files);
  const missing = references.filter(({ flag, path }) => flag !== encryptionFlag && !files.has(path));
  if (references.length === 0) return [];
  if (missing.length === 0)
    return [
      {
        check: 'references',
        outcome: 'ok',
        sentence: `Nothing is missing that the API server is started with (${counted(references.length, 'file')}).`,
        evidence: { references: references.length },
      },
    ];
  return missing.map(({ flag, path }) => ({
    check: 'references',
    outcome: 'failed',
    sentence: `${path} is missing: the API server is started with it (--${flag}) and does not start without.`,
    evidence: { flag, path },
  }));
}
