import type { ForeignFile, ForeignPlace } from './foreign.ts';

/** A question about a file of a place. */
type Look<T> = (place: ForeignPlace, file: ForeignFile) => Promise<T>;

/** The same question, asked once of each file as long as the place is in use: one layout after another asks it. */
export function perFile<T>(look: Look<T>): Look<T> {
  const known = new WeakMap<ForeignPlace, Map<string, Promise<T>>>();
  return (place, file) => {
    const answers = known.get(place) ?? new Map<string, Promise<T>>();
    known.set(place, answers);
    const key = `${file.path}\n${file.size}\n${file.modifiedAt.getTime()}`;
    const answer = answers.get(key) ?? look(place, file);
    answers.set(key, answer);
    // What failed for a moment is asked again.
    answer.catch(() => answers.delete(key));
    return answer;
  };
}
