import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { getAsset, isSea } from 'node:sea';
import { fileURLToPath } from 'node:url';

/** What the program that runs was made of. */
export interface Origin {
  readonly form: 'sources' | 'single executable';
  /** The commit, of 12 hexadecimal digits; `-modified` follows where the executable was built from more than it. */
  readonly git: string | undefined;
}

/** Looks where the running program comes from. */
export function origin(): Origin {
  if (!isSea()) return { form: 'sources', git: checkoutCommit() };
  // scripts/bundle.ts puts it in.
  const git = getAsset('commit', 'utf8');
  return { form: 'single executable', git: git === '' ? undefined : git };
}

/** The commit of the checkout that is run; an installed package has none. */
function checkoutCommit(): string | undefined {
  const root = fileURLToPath(new URL('../../../', import.meta.url));
  if (!existsSync(`${root}.git`)) return undefined;
  try {
    return execFileSync('git', ['-C', root, 'rev-parse', '--short=12', 'HEAD'], {
      encoding: 'utf8',
      stdio: 'pipe',
    }).trim();
  } catch {
    return undefined;
  }
}
