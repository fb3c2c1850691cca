import { RestorePlan } from '@holdfast/model';
import { withServer } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import { clusterNamed } from '../remote/clusters.ts';
import { withFleet, type Fleet } from '../remote/connection.ts';
import { operationAnswerOf, operationAt } from '../remote/operations.ts';
import { planForEyes } from '../view/plan-for-eyes.ts';
import type { Answer } from '../term/answer.ts';
import { confirmCluster, requireConfirmable, type ConfirmOptions } from './restore-confirm.ts';
import { withConfirm } from './restore-options.ts';
import { operationArgument } from './operation-argument.ts';

export function addOperationApprove(parent: Verb): void {
  const verb = parent.command('approve');
  verb
    .description('Allow a restore that another person has asked for.')
    .addArgument(operationArgument())
    .example(
      'The plan is shown, and the name of the cluster asked for',
      'holdfast operation approve op-7f3kq',
    )
    .answers(async (session, options: ConfirmOptions, id) =>
      withFleet(session, (fleet) => approve(session, fleet, verb, { ...options, id })),
    );
  withServer(withConfirm(verb));
}

async function approve(
  session: Session,
  fleet: Fleet,
  verb: Verb,
  { id, ...options }: ConfirmOptions & { readonly id: string },
): Promise<Answer> {
  requireConfirmable(session, options);
  const operation = await operationAt(fleet, id);
  const { name } = await clusterNamed(fleet, operation.cluster);
  const plan = RestorePlan.safeParse(operation.input['plan']).data;
  const shown = plan === undefined ? '' : `${planForEyes(session, verb, plan)}\n`;
  const what = `${shown}${operation.requestedBy} asked for this ${operation.kind}. You allow it.`;
  await confirmCluster(session, options, what, name);
  const params = { operation: id };
  return operationAnswerOf(fleet, await fleet.client.call('approveOperation', { params }), false);
}
