import type { Failure } from '@holdfast/base';
import { startWords, type ClusterDescription, type RestorePlan, type Triage } from '@holdfast/model';
import { apiVersion, type Answer, type View } from '../term/answer.ts';
import { commandLine } from '../term/quote.ts';

type Way = Triage['ways'][number];

/** What a refusal is printed with. */
export interface Refusal {
  readonly description: ClusterDescription;
  /** The words that restore in a given way, with everything else as it was asked for. */
  readonly restoreBy: (way: RestorePlan['way']) => readonly string[];
  readonly failure: Failure;
}

/** What was found instead of a plan: every way there is, the better one first, each with its exact commands. */
export function triageAnswer(triage: Triage, refusal: Refusal): Answer {
  const { description, failure } = refusal;
  const ways = triage.ways.map((way) => ({ ...way, commands: commandsOf(way, refusal) }));
  return {
    json: { apiVersion, kind: 'RestoreTriage', cluster: description.name, ...triage, ways },
    names: ways.filter((way) => way.recommended).map(({ way }) => way),
    text: (view) =>
      [
        `${view.style('strong', `Cluster ${description.name}: ${verdicts[triage.verdict]}`)}\n  ${triage.why}\n`,
        ...ways.map((way) => wayText(way, view)),
      ].join('\n'),
    failure,
  };
}

/** Each verdict as a person says it. */
const verdicts: Record<Triage['verdict'], string> = {
  healthy: 'it has its quorum',
  'minority-lost': 'some members are lost, the quorum stands',
  stopped: 'it is stopped, and its data is there',
  'majority-lost': 'the quorum is lost',
  'all-lost': 'no data of any member can be read',
  nothing: 'there is nothing to restore from',
};

const titles: Record<Way['way'], string> = {
  objects: 'Bring single objects back through the API server',
  start: 'Start what is there',
  replace: 'Replace the lost members',
  salvage: 'Restore from the data of a member that survives',
  snapshot: 'Restore from a snapshot',
};

function wayText(way: Way & { readonly commands: readonly string[] }, view: View): string {
  const mark = way.recommended ? ` ${view.style('good', '(recommended)')}` : '';
  const head = `${view.style('strong', titles[way.way])}${mark}\n`;
  return `${head}  ${way.why}\n${way.commands.map((command) => `    ${command}\n`).join('')}`;
}

/** The exact commands of a way; for members, those of the machines that they live on. */
function commandsOf({ way, members }: Way, { description, restoreBy }: Refusal): string[] {
  if (way === 'objects') return ['kubectl apply -f OBJECTS'];
  if (way !== 'start') return [commandLine(restoreBy(way))];
  return description.members
    .filter(({ name }) => members.includes(name))
    .map(({ name, run }) => `${commandLine(startWords(run))}   # ${name}`);
}
