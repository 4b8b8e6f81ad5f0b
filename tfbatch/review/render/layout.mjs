// Places the nodes and edges of graphs: a JSON list of ELK graphs in, the same with coordinates out.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const here = createRequire(import.meta.url);
const ELK = here(here.resolve('elkjs/lib/elk.bundled.js', { paths: [process.cwd(), import.meta.dirname] }));

const elk = new ELK();
const placed = await Promise.all(JSON.parse(readFileSync(0, 'utf8')).map((graph) => elk.layout(graph)));
process.stdout.write(JSON.stringify(placed));
