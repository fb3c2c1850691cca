import { isFailure } from '@holdfast/base';
import type { Policy } from '@holdfast/model';
import { withPolicyFile } from '../program/options.ts';
import { overServer } from '../program/over-server.ts';
import type { Verb } from '../program/verb.ts';
import { withFleet } from '../remote/connection.ts';
import type { Session } from '../session.ts';
import { policyNamed } from '../sources/policy-named.ts';
import type { Answer } from '../term/answer.ts';
import { policiesAnswer, policyAnswer } from '../view/policy.ts';

export function addPolicyShow(parent: Verb): void {
  const verb = parent.command('show');
  verb
    .description('Show the policies, or one in full: when it runs next, what it keeps, what it promises.')
    .argument('[policy]', 'its exact name')
    .example('All of them', 'holdfast policy show')
    .example('One in full', 'holdfast policy show main')
    .remark('Times to come are in the time zone of the policy.')
    .answers(async (session, _options, name) => show(session, name));
  withPolicyFile(verb);
  overServer(verb, {}, async (session, _options, name) => {
    const { showPolicies } = await import('../remote/policies.ts');
    return withFleet(session, (fleet) => showPolicies(fleet, name));
  });
}

async function show(session: Session, name: string | undefined): Promise<Answer> {
  const sight = { path: session.settings.policyFile, now: session.io.clock.now() };
  if (name !== undefined) return policyAnswer(await policyNamed(session, name), sight);
  return policiesAnswer(await allPolicies(session), sight);
}

/** Where nobody has made a policy yet there is no file, and nothing is wrong with that. */
async function allPolicies({ settings, io }: Session): Promise<readonly Policy[]> {
  const { readPolicyFile } = await import('@holdfast/engine');
  try {
    return await readPolicyFile(settings.policyFile, io.clock.now());
  } catch (error) {
    if (isFailure(error, 'policy-file-missing')) return [];
    throw error;
  }
}
