import { Failure, isFailure } from '@holdfast/base';
import type { PlannedChange, RestorePlan, WantedConfiguration } from '@holdfast/model';
import type { VerbContext } from '../../context.ts';
import { machinesOf } from '../machines.ts';
import type { ArtefactSource } from '../node.ts';
import { plannedEntry } from '../planned-content.ts';
import { companionsOf, savedFiles } from '../saved-files.ts';
import type { PlanRequest } from './request.ts';

type Brought = Pick<RestorePlan, 'scope' | 'wanted' | 'changes'>;
type Planned = Pick<RestorePlan, 'id' | 'source' | 'members' | 'controlPlane' | 'cluster'>;

/**
 * What is brought back beside the data, and in what each machine differs from it now. A machine that nobody reaches is not
 * compared: P13 tells of it.
 *
 * @throws Failure restore-refused where the snapshot does not have what the scope is about; as savedFiles, and what nodes throw
 */
export async function changesOf(context: VerbContext, request: PlanRequest, plan: Planned): Promise<Brought> {
  const { scope = 'none', nodes } = request;
  if (scope === 'none') return { scope };
  const { wanted, artefact } = await wantedOf(request, plan, scope);
  const changes: PlannedChange[] = [];
  // One after another: what one of them is given is taken back before the next one is asked.
  for (const [node, here] of machinesOf(plan, nodes)) {
    try {
      const order = {
        restore: plan.id,
        scope,
        wanted,
        ...here,
        among: plan.members,
        ...(artefact !== undefined && { artefact }),
      };
      changes.push(...(await node.compare(order, { clock: context.clock, signal: context.signal })));
    } catch (error) {
      context.signal.throwIfAborted();
      if (!isFailure(error, 'node-silent')) throw error;
    }
  }
  return { scope, wanted, changes };
}

async function wantedOf(
  { repository, scope: asked }: PlanRequest,
  { source, cluster }: Planned,
  scope: NonNullable<RestorePlan['scope']>,
): Promise<{ readonly wanted: WantedConfiguration; readonly artefact?: ArtefactSource }> {
  const refused = (why: string): Failure =>
    new Failure('restore-refused', `${why}: leave --scope ${asked} out`, { cluster: cluster.name });
  if (source.kind !== 'snapshot')
    throw refused('what was saved is with a snapshot, and the data is not taken from one');
  const entry = repository === undefined ? undefined : await plannedEntry(source, repository);
  if (entry === undefined)
    throw refused(
      'a snapshot file tells neither a version nor a configuration, only one in a repository does',
    );
  const version = entry.manifest.companions?.kubernetes.version ?? null;
  const companions = companionsOf(entry);
  if (scope === 'kubernetesVersion') {
    if (version === null) throw refused('the snapshot does not tell its Kubernetes version');
    return { wanted: { version, companions: null } };
  }
  if (companions === null) throw refused('no configuration was saved with the snapshot');
  const wanted = { version, companions };
  return { wanted, artefact: await savedFiles(source, wanted, repository) };
}
