/** A snapshot, written as another system would have left it. */
export { giveBack, type GivenBack, type GiveBackRequest } from './give-back.ts';
export { givenBackForms, type GivenBackForm, givenBackTo, type GivenBackTo } from './file-name.ts';
export { type WrittenFile } from './new-files.ts';
