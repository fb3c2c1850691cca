import { Argument } from 'commander';
import type { Verb } from '../program/verb.ts';
import type { Shell } from '../completion/scripts.ts';
import { apiVersion, type Answer } from '../term/answer.ts';

export function addCompletion(parent: Verb): void {
  const verb = parent.command('completion');
  verb
    .description('Print the script that lets a shell complete commands, options and snapshot names.')
    .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish']))
    .example('For this bash', 'source <(holdfast completion bash)')
    .example('For every zsh', 'holdfast completion zsh > "${fpath[1]}/_holdfast"')
    .example('For every fish', 'holdfast completion fish > ~/.config/fish/completions/holdfast.fish')
    .answers(async (_session, _options, shell) => completionAnswer(shell as Shell));
  const hidden = parent.command('__complete', { hidden: true });
  hidden
    .argument('[words...]')
    .allowUnknownOption()
    .helpOption(false)
    .action(async (words: string[]) => {
      const { complete } = await import('../completion/complete.ts');
      parent.io.stdout.write(await complete(parent, words));
    });
}

async function completionAnswer(shell: Shell): Promise<Answer> {
  const { scripts } = await import('../completion/scripts.ts');
  const script = scripts[shell];
  return {
    json: { apiVersion, kind: 'CompletionScript', shell, script },
    names: [script.trimEnd()],
    text: () => script,
  };
}
