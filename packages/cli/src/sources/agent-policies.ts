import { stat } from 'node:fs/promises';
import type { PolicySource } from '@holdfast/agent/standalone';
import { Failure, isFailure } from '@holdfast/base';
import type { Policy } from '@holdfast/model';
import type { Session } from '../session.ts';
import { refuseUnknownPlaces } from './policy-places.ts';

/** Where Rancher 1.6 kept its backups, unless a repository is set. */
const rancher16Folder = '/var/etcd/backups';

/** Policies, and whether they are those that Rancher 1.6's variables ask for. */
interface FoundPolicies {
  readonly policies: readonly Policy[];
  readonly areOfRancher16: boolean;
}

type AgentPolicies = PolicySource & Pick<FoundPolicies, 'areOfRancher16'>;

/**
 * The policies of the policy file, with the configuration that they are carried out by: both are taken together or not at
 * all.
 *
 * @param renewed the session with its settings read again; @throws Failure config-invalid, usage
 * @param use told of the session once the policies of it can be used
 */
export function agentPolicies(
  first: Session,
  renewed: () => Promise<Session>,
  use: (session: Session) => void,
): AgentPolicies {
  let session = first;
  let areOfRancher16 = false;
  return {
    get areOfRancher16() {
      return areOfRancher16;
    },
    async stamp() {
      const files = new Set(session.origins.flatMap(({ origin }) => /^(\/.+):\d+$/.exec(origin)?.[1] ?? []));
      const stamps = [session.settings.policyFile, ...files].map(stampOf);
      return (await Promise.all(stamps)).join('\n');
    },
    async read() {
      const next = await renewed();
      const found = await policiesOf(next);
      session = next;
      areOfRancher16 = found.areOfRancher16;
      use(next);
      return found.policies;
    },
  };
}

/** Those of the file; where there is none, what the variables of Rancher 1.6 ask for. */
async function policiesOf(session: Session): Promise<FoundPolicies> {
  const { readPolicyFile } = await import('@holdfast/engine');
  const { settings, io } = session;
  try {
    const policies = await readPolicyFile(settings.policyFile, io.clock.now());
    refuseUnknownPlaces(policies, session);
    return { policies, areOfRancher16: false };
  } catch (error) {
    if (!isFailure(error, 'policy-file-missing')) throw error;
    const { rancher16Policy } = await import('@holdfast/model');
    const wish = rancher16Policy(io.env, settings.repo?.[0] ?? rancher16Folder);
    if (wish.kind === 'unset') throw error;
    if (wish.kind === 'invalid')
      throw new Failure('config-invalid', wish.problem, { source: 'of the environment' });
    return { policies: wish.kind === 'off' ? [] : [wish.policy], areOfRancher16: true };
  }
}

/**
 * The name of a snapshot as Rancher 1.6 gave it, for the policy that its variables ask for: `<RFC 3339>_etcd_<index of the
 * service>`.
 */
export function rancher16Name({ io }: Pick<Session, 'io'>, startedAt: Date): string {
  const index = /^\d+$/.exec(io.env['SERVICE_INDEX'] ?? '')?.[0] ?? '1';
  return `${startedAt.toISOString().replace(/\.\d+Z$/, 'Z')}_etcd_${index}`;
}

/** What changes whenever a file does, or is replaced by another one. */
async function stampOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeMs } = await stat(path);
    return `${ino} ${size} ${mtimeMs}`;
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}
