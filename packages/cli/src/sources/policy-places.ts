import { Failure } from '@holdfast/base';
import type { Policy } from '@holdfast/model';
import type { Session } from '../session.ts';

/**
 * Refuses policies that name a repository which is neither described by the configuration nor an absolute folder or an
 * address: a name that is misspelt would else become a folder wherever the process happens to stand.
 *
 * @throws Failure policy-invalid
 */
export function refuseUnknownPlaces(
  policies: readonly Policy[],
  { settings, repositories }: Pick<Session, 'repositories'> & { readonly settings: { policyFile: string } },
): void {
  for (const { name, targets } of policies) {
    const unknown = targets.find(
      ({ repository }) => !repositories.has(repository) && !/^(?:\/|s3:\/\/)/.test(repository),
    );
    if (unknown === undefined) continue;
    const known = [...repositories.keys()].join(', ') || 'none';
    const why = `policy ${name} stores in ${JSON.stringify(unknown.repository)}, which is no absolute folder, no s3:// address, and no repository of the configuration (it has ${known})`;
    throw new Failure('policy-invalid', why, { path: settings.policyFile });
  }
}
