import type { Verb } from '../program/verb.ts';
import { addPolicyPause, addPolicyResume } from './policy-pause.ts';
import { addPolicyPreview } from './policy-preview.ts';
import { addPolicyRemove } from './policy-remove.ts';
import { addPolicyRun } from './policy-run.ts';
import { addPolicySet } from './policy-set.ts';
import { addPolicyShow } from './policy-show.ts';

export function addPolicy(parent: Verb): void {
  const policy = parent.command('policy');
  policy.description('When snapshots are made, where they go, and how long they are kept.');
  addPolicySet(policy);
  addPolicyShow(policy);
  addPolicyPreview(policy);
  addPolicyRun(policy);
  addPolicyPause(policy);
  addPolicyResume(policy);
  addPolicyRemove(policy);
}
