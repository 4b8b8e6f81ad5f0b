// Places the nodes and edges of graphs: a JSON list of ELK graphs in, the same with coordinates out.
import ELK from 'elkjs/lib/elk.bundled.js';
import { readFileSync, writeSync } from 'node:fs';

const elk = new ELK();
const placed = await Promise.all(JSON.parse(readFileSync(0, 'utf8')).map((graph) => elk.layout(graph)));
writeSync(1, JSON.stringify(placed));
