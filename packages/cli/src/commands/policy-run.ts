import { isFailure, type Failure } from '@holdfast/base';
import type { JobEnd, SaveEnd, Work } from '@holdfast/agent/standalone';
import type { Policy } from '@holdfast/model';
import { Option } from 'commander';
import { companionsRootOf, withCompanions, type CompanionsOptions } from '../program/companions-options.ts';
import {
  withEtcd,
  withEtcdProgram,
  withKeys,
  withPolicyFile,
  withS3,
  withStateDir,
} from '../program/options.ts';
import { overServer } from '../program/over-server.ts';
import type { Verb } from '../program/verb.ts';
import { withFleet } from '../remote/connection.ts';
import type { Session } from '../session.ts';
import { agentJobs } from '../sources/agent-jobs.ts';
import { policyNamed } from '../sources/policy-named.ts';
import { refuseUnknownPlaces } from '../sources/policy-places.ts';
import { apiVersion, type Answer } from '../term/answer.ts';

const runnable = ['save', 'prune', 'check', 'drill'] as const;
type Runnable = (typeof runnable)[number];

interface RunOptions extends CompanionsOptions {
  readonly job: Runnable;
}

export function addPolicyRun(parent: Verb): void {
  const verb = parent.command('run');
  verb
    .description('Run a policy now: a save, and what it keeps after it; or one of its other jobs.')
    .argument('<policy>', 'its exact name')
    .addOption(new Option('--job <job>', 'what is to be done').choices([...runnable]).default('save'))
    .example('Before a change', 'holdfast policy run main')
    .example('Is what is stored still what it was?', 'holdfast policy run main --job check')
    .remark(
      'It is what the agent does when the policy is due, and works whether the agent runs or not: a save that the agent has under way is waited for, and the agent waits for this one. The schedule goes on as it was. A paused policy can be run. Exit 3: a copy is missing, and waits in the queue.',
    )
    .answers((session, options: RunOptions, name: string) => run(session, options, name));
  withEtcdProgram(withPolicyFile(withStateDir(withKeys(withS3(withEtcd(withCompanions(verb)))))));
  overServer(verb, {}, async (session, _options, name) => {
    const { runPolicy } = await import('../remote/policies.ts');
    return withFleet(session, (fleet) => runPolicy(fleet, name));
  });
}

async function run(session: Session, options: RunOptions, name: string): Promise<Answer> {
  const policy = await policyNamed(session, name);
  refuseUnknownPlaces([policy], session);
  const { engineWork } = await import('@holdfast/agent/standalone');
  const ports = await agentJobs({
    session: () => session,
    companionsRoot: companionsRootOf(options),
    nameOf: () => undefined,
  });
  const work = engineWork(ports, ({ text }) => session.warn(text));
  const { signal } = session.io;
  const { job } = options;
  if (job === 'save') {
    const saved = await savedNow(session, work, policy);
    const pruned = await work.prune(policy, knownOf(saved), signal);
    return answerOf(session, policy, [
      ['save', saved],
      ['prune', pruned],
    ]);
  }
  const end = await work[job](policy, {}, signal);
  return answerOf(session, policy, [[job, end]]);
}

/** The save, alone on this machine, and a record of it for the agent whatever becomes of it. */
async function savedNow(session: Session, work: Work, policy: Policy): Promise<SaveEnd> {
  const { holdRuns, reportRun } = await import('@holdfast/agent/standalone');
  const { clock, signal } = session.io;
  const { stateDir } = session.settings;
  const release = await holdRuns(stateDir, clock, {
    signal,
    onWait: (by) => session.warn(`another save is waited for: ${by}`),
  });
  const startedAt = clock.now();
  const began = clock.monotonic();
  const report = async (end: Pick<SaveEnd, 'outcome' | 'failure' | 'newest'>): Promise<void> => {
    const { outcome, failure, newest } = end;
    const endedAt = clock.now();
    const run = {
      ...{ startedAt: startedAt.toISOString(), endedAt: endedAt.toISOString(), outcome },
      failure: failure && { code: failure.code, why: `${failure.message}: ${failure.why}` },
      durationMs: Math.round(clock.monotonic() - began),
    };
    try {
      await reportRun(stateDir, { policy: policy.name, run, newest }, endedAt);
    } catch (error) {
      if (!isFailure(error)) throw error;
      session.warn(`the agent will not know of this run: ${error.message}: ${error.why}`);
    }
  };
  try {
    // A folder that is absent may be made: somebody is there and sees it.
    const order = { policy, trigger: 'manual', startedAt, mayMake: () => true } as const;
    const end = await work.save(order, signal);
    await report(end);
    return end;
  } catch (failure) {
    if (isFailure(failure) && !signal.aborted) await report({ outcome: 'failed', failure, newest: {} });
    throw failure;
  } finally {
    await release();
  }
}

/** Where the cluster was just saved it is known by that. */
function knownOf({ newest }: SaveEnd): Parameters<Work['prune']>[1] {
  const none = { saved: null, stored: null, verified: null, drilled: null, bytes: null };
  return Object.fromEntries(
    Object.entries(newest).map(([name, each]) => [
      name,
      { ...none, missingSince: null, clusterId: null, knownSince: null, ...each },
    ]),
  );
}

function answerOf(session: Session, policy: Policy, ends: readonly (readonly [Runnable, JobEnd])[]): Answer {
  for (const [, { warnings }] of ends) for (const warning of warnings) session.warn(warning);
  const failure = ends.map(([, end]) => end.failure).find((each): each is Failure => each !== null);
  const word = { ok: 'done', partial: 'done in part', failed: 'failed' } as const;
  return {
    json: {
      apiVersion,
      kind: 'PolicyRun',
      policy: policy.name,
      jobs: ends.map(([job, end]) => ({
        job,
        outcome: end.outcome,
        note: end.note,
        failure: end.failure && { code: end.failure.code, what: end.failure.message, why: end.failure.why },
        warnings: end.warnings,
      })),
    },
    names: ends.flatMap(([, end]) =>
      'snapshot' in end && typeof end.snapshot === 'string' ? [end.snapshot] : [],
    ),
    text: ({ style }) =>
      ends
        .map(([job, { outcome, note }]) => {
          const said = style(
            outcome === 'ok' ? 'good' : outcome === 'partial' ? 'doubtful' : 'bad',
            word[outcome],
          );
          return `${job} of ${policy.name}: ${said}${note === '' ? '' : `: ${note}`}\n`;
        })
        .join(''),
    ...(failure !== undefined && { failure }),
  };
}
