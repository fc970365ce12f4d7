// Runs JavaScript modules, one after the other, and prints a line of JSON for each: what it
// printed, and how it failed. Its sister for Python says why in one process.
import { pathToFileURL } from "node:url";

const write = process.stdout.write.bind(process.stdout);
for (const path of process.argv.slice(2)) {
  let printed = "";
  let failure = null;
  process.stdout.write = (text) => {
    printed += text;
    return true;
  };
  try {
    await import(pathToFileURL(path));
  } catch (error) {
    failure = error.stack;
  }
  write(`${JSON.stringify([printed, failure])}\n`);
}
