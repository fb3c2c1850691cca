import type { Verb } from '../program/verb.ts';
import { withEtcd, withRepository } from '../program/options.ts';
import type { Session } from '../session.ts';
import { placeText, type Places } from '../settings/places.ts';
import { settingTable, type Setting } from '../settings/table.ts';
import type { Origin } from '../settings/value.ts';
import { apiVersion, type Answer } from '../term/answer.ts';
import { table } from '../term/table.ts';

interface ViewOptions {
  readonly origin?: true;
}

export function addConfig(parent: Verb): void {
  const config = parent.command('config').description('Show the configuration.');
  const view = config.command('view');
  view
    .description('Show what every setting came to: flag over variable over file over default.')
    .option('--origin', 'add where each value came from')
    .example('Why does it talk to that endpoint?', 'holdfast config view --origin')
    .answers(async (session, options: ViewOptions) => configView(session, options));
  withRepository(withEtcd(view));
}

function configView({ origins, repositories }: Session, options: ViewOptions): Answer {
  const shown = origins.map((each) => ({ ...each, shown: shownValue(each) }));
  return {
    json: {
      apiVersion,
      kind: 'Configuration',
      settings: Object.fromEntries(
        origins.map((each) => [each.name, { value: machineValue(each), origin: each.origin }]),
      ),
      repositories: [...repositories.values()].map(({ at, ...place }) => ({ ...place, ...at })),
    },
    names: shown.filter((each) => each.value !== undefined).map((each) => each.name),
    text: ({ style }) =>
      (options.origin === true
        ? table(
            ['SETTING', 'VALUE', 'ORIGIN'],
            shown.map((each) => [each.name, each.shown ?? '-', style('faint', each.origin)]),
          )
        : table(
            ['SETTING', 'VALUE'],
            shown.map((each) => [each.name, each.shown ?? '-']),
          )) + repositoriesText(repositories),
  };
}

function repositoriesText(repositories: Places): string {
  if (repositories.size === 0) return '';
  const rows = [...repositories.values()].map((place) => [
    place.name,
    placeText(place),
    place.required ? 'required' : 'best effort',
  ]);
  return `\n${table(['REPOSITORY', 'PLACE', 'FOR A SAVE'], rows)}`;
}

function machineValue(setting: Origin): unknown {
  const { value } = setting;
  if (typeof value === 'boolean') return value;
  return Array.isArray(value) ? value.map(withoutLogin) : shownValue(setting);
}

function shownValue(setting: Origin): string | null {
  if (setting.value === undefined) return null;
  return isSecret(setting) ? '(set, not shown)' : withoutLogin(String(setting.value));
}

function isSecret({ name }: Origin): boolean {
  const row: Setting = settingTable[name];
  return row.secret === true;
}

/** A login has no place in an endpoint, and none on a screen either. */
function withoutLogin(text: string): string {
  return text.replaceAll(/\/\/[^/@,]*@/g, '//…@').replace(/^[^/@,]*:[^/@,]*@/, '…@');
}
