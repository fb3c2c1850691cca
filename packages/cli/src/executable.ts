import { main } from './main.ts';

// What bin/holdfast.js is for the sources, this is for the single executable, which brings its own Node.
main().catch((error: Error) => {
  process.stderr.write(`holdfast: cannot start: ${error.stack}\n`);
  process.exitCode = 1;
});
