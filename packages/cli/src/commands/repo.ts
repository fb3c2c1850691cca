import type { Verb } from '../program/verb.ts';
import { addRepoAdd } from './repo-add.ts';
import { addRepoCheck } from './repo-check.ts';
import { addRepoInit } from './repo-init.ts';
import { addRepoKeys } from './repo-keys.ts';
import { addRepoStats } from './repo-stats.ts';

export function addRepo(parent: Verb): void {
  const repo = parent.command('repo');
  repo.description('Make a repository, find out whether it works, and say who can read it.');
  addRepoInit(repo);
  addRepoAdd(repo);
  addRepoCheck(repo);
  addRepoKeys(repo);
  addRepoStats(repo);
}
