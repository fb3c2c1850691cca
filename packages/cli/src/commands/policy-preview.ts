import { isFailure, type Failure } from '@holdfast/base';
import type { RetentionPreview } from '@holdfast/engine';
import type { Policy } from '@holdfast/model';
import { withPolicyFile, withRepository } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import { givenFlags } from '../sources/places.ts';
import { policyNamed, retentionFor } from '../sources/policy-named.ts';
import { openNamed } from '../sources/repository.ts';
import { apiVersion, type Answer, type View } from '../term/answer.ts';
import { namesOfGoing, retentionFields, retentionText } from '../view/retention.ts';

export function addPolicyPreview(parent: Verb): void {
  const verb = parent.command('preview');
  verb
    .description('Say of each snapshot whether a policy keeps it, and why. Nothing is changed.')
    .argument('<policy>', 'its exact name')
    .example('In all repositories of the policy', 'holdfast policy preview nightly')
    .example(
      'In one, with all that is not for it to decide on',
      'holdfast policy preview nightly --repo offsite -o wide',
    )
    .remark(
      'This is what `snapshot prune --policy` and the daemon go by. What goes is marked first and deleted a day later, if it is still not wanted then.',
    )
    .answers(async (session, _options, name) => preview(session, name));
  withRepository(withPolicyFile(verb));
}

/** What the policy would do in one of its repositories, or why that cannot be said. */
interface Previewed {
  readonly repository: string;
  readonly found: RetentionPreview | Failure;
}

async function preview(session: Session, name: string): Promise<Answer> {
  const policy = await policyNamed(session, name);
  const isNamed = givenFlags(session, (each) => each === 'repo').length > 0;
  const places = isNamed ? session.settings.repo! : policy.targets.map(({ repository }) => repository);
  const previews: Previewed[] = [];
  for (const place of new Set(places))
    previews.push({ repository: place, found: await previewOf(session, policy, place) });
  return answerOf(name, previews);
}

async function previewOf(
  session: Session,
  policy: Policy,
  place: string,
): Promise<RetentionPreview | Failure> {
  const { previewRetention } = await import('@holdfast/engine');
  try {
    return await previewRetention(session.context, await openNamed(session, place), {
      policy: policy.name,
      retention: retentionFor(session, policy, place),
      cluster: session.settings.cluster ?? policy.cluster,
    });
  } catch (error) {
    if (isFailure(error)) return error;
    throw error;
  }
}

/** All of them; a failure when one of them could not be looked at. */
function answerOf(policy: string, previews: readonly Previewed[]): Answer {
  const failure = previews.map(({ found }) => found).find((found) => isFailure(found));
  return {
    json: {
      apiVersion,
      kind: 'PolicyPreview',
      policy,
      repositories: previews.map(({ repository, found }) => ({
        repository,
        ...(isFailure(found)
          ? { failure: { code: found.code, why: found.why } }
          : { failure: null, ...retentionFields(found) }),
      })),
    },
    names: previews.flatMap(({ found }) => (isFailure(found) ? [] : namesOfGoing(found))),
    text: (view) => previews.map((each) => previewText(each, view)).join('\n'),
    ...(failure && { failure }),
  };
}

function previewText({ repository, found }: Previewed, view: View): string {
  const head = `${view.style('strong', repository)}\n`;
  if (isFailure(found)) return `${head}${view.style('bad', 'not looked at')}: ${found.why}\n`;
  return `${head}${retentionText(found, view)}`;
}
