import { bootstrapFindings } from './bootstrap-findings.ts';
import { encryptionFindings } from './encryption-findings.ts';
import { fileFindings, referenceFindings } from './file-findings.ts';
import type { CompanionFinding, CompanionSet } from './finding.ts';
import { pkiFindings } from './pki-findings.ts';

/**
 * Tells whether a set of companions would bring its snapshot to life: what is missing, whether the token opens what the
 * snapshot holds, whether the keys open its values, and whether certificates and keys can be used. Nothing that is returned
 * holds anything secret. Pure: the same set gives the same findings.
 */
export function checkCompanions(set: CompanionSet): CompanionFinding[] {
  const bootstrap = bootstrapFindings(set);
  return [
    ...fileFindings(set),
    ...referenceFindings(set),
    ...bootstrap.findings,
    ...encryptionFindings(set, bootstrap.files),
    ...pkiFindings(set, bootstrap.files),
  ];
}
