// Has mermaid itself parse the drawing on standard input, and prints the states and ways it read.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { runInThisContext } from 'node:vm';
import { JSDOM } from 'jsdom';

const { window } = new JSDOM('<!doctype html><body></body>');
Object.assign(globalThis, { window, document: window.document });
const bundle = createRequire(import.meta.url).resolve('@mermaid-js/tiny');
runInThisContext(readFileSync(bundle, 'utf8'));
const read = [];
for (const text of JSON.parse(readFileSync(0, 'utf8'))) {
  await globalThis.mermaid.parse(text);
  const { db } = await globalThis.mermaid.mermaidAPI.getDiagramFromText(text);
  const groups = new Set(db.getSubGraphs().map((one) => one.id));
  read.push({
    states: [...db.getVertices().keys()].filter((id) => !groups.has(id)).length,
    groups: groups.size,
    ways: db.getEdges().length,
  });
}
console.log(JSON.stringify(read));
