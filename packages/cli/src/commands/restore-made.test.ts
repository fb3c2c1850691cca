import { expect, test } from 'vitest';
import { quietIo } from '../docs/quiet-io.ts';
import { withGlobals } from '../program/options.ts';
import { Verb } from '../program/verb.ts';
import { openSession } from '../session.ts';
import { planCommands } from './restore-made.ts';
import { withRequest, type RequestOptions } from './restore-options.ts';
import { refuseContradictions } from './restore-request.ts';

/** A command line as the program reads it. */
function parsed(args: readonly string[]): Verb {
  const verb = withRequest(withGlobals(new Verb('plan', { ...quietIo, cwd: '/w' })));
  return verb.parse(args, { from: 'user' });
}

/** What a plan that was asked for by these words leads on to. */
async function commandsOf(text: string) {
  const verb = parsed(text.split(' '));
  const session = await openSession(verb.optsWithGlobals(), { ...quietIo, cwd: '/w' });
  return planCommands(session, verb, verb.opts<RequestOptions>());
}

const asked = [
  '--way snapshot --snapshot latest --clone',
  '--file s.db --clone --no-bump',
  '--way salvage --survivor m2 --strategy seed --seed m1 --initial-cluster-token t',
  '--way snapshot --bump-revision 5 --members m1,m2',
  '--way replace --replace m1 --replace m2',
  '--attest-off m3 --attest-off api-1 --skip P11 --reason x',
];

test.each(asked)('each way is asked for by a command that is accepted: %s', async (args) => {
  const base = '--cluster-file c.yaml --repo /b --endpoints a:1 --user root';
  const { run, inWay } = await commandsOf(`${base} ${args}`);
  const all = [run, ...(['snapshot', 'salvage', 'replace'] as const).map((way) => inWay!(way))];
  for (const words of all) {
    expect(words.slice(0, 5)).toEqual([
      'holdfast',
      'restore',
      words === run ? 'run' : 'plan',
      '--cluster-file',
      '/w/c.yaml',
    ]);
    expect(words.join(' ')).toMatch(/--repo \/b --endpoints a:1 --user root$/);
    expect(() => refuseContradictions(parsed(words.slice(3)).opts<RequestOptions>())).not.toThrow();
  }
});

test('what another way does not take is left out, and the rest kept', async () => {
  const { inWay } = await commandsOf('--way snapshot --snapshot s --clone --members m1 --seed m1 --no-bump');
  expect(inWay!('snapshot').slice(3).join(' ')).toBe(
    '--way snapshot --snapshot s --members m1 --seed m1 --no-bump --clone',
  );
  expect(inWay!('salvage').slice(3).join(' ')).toBe('--way salvage --members m1 --seed m1 --no-bump');
  expect(inWay!('replace').slice(3).join(' ')).toBe('--way replace');
});
