// Compares pairs of CloudFormation templates with the engine of `cdk diff`.
// A JSON list of [before, after] in, for each pair its differences out. An absent value has no key.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const here = createRequire(import.meta.url);
const library = here.resolve('@aws-cdk/cloudformation-diff', { paths: [process.cwd(), import.meta.dirname] });
const { fullDiff } = here(library);

const SECTIONS = ['conditions', 'mappings', 'metadata', 'outputs', 'parameters', 'unknown'];
const ATTRIBUTES = { awsTemplateFormatVersion: 'AWSTemplateFormatVersion', description: 'Description', transform: 'Transform' };
const title = (name) => name[0].toUpperCase() + name.slice(1);
const values = ({ oldValue, newValue }) => ({ old: oldValue, new: newValue });

function differences(diff) {
  const found = [];
  for (const [key, section] of Object.entries(ATTRIBUTES)) {
    if (diff[key]?.isDifferent) found.push({ section, id: '', ...values(diff[key]) });
  }
  for (const key of SECTIONS) {
    for (const [id, change] of Object.entries(diff[key].changes)) {
      found.push(key === 'unknown' ? { section: id, id: '', ...values(change) } : { section: title(key), id, ...values(change) });
    }
  }
  for (const [id, change] of Object.entries(diff.resources.changes)) found.push(...resource(id, change));
  return found;
}

function resource(id, change) {
  const about = { section: 'Resources', id, impact: change.changeImpact };
  const inside = [];
  for (const [name, one] of Object.entries(change.propertyUpdates)) {
    // A reference to a resource that is replaced is an update without another value.
    const both = { old: change.oldProperties?.[name], new: change.newProperties?.[name] };
    inside.push({ ...about, property: name, causes: one.changeImpact, ...both });
  }
  for (const [name, one] of Object.entries(change.otherChanges)) inside.push({ ...about, attribute: name, ...values(one) });
  const whole = change.isAddition || change.isRemoval || change.resourceTypeChanged || !inside.length;
  return whole ? [{ ...about, ...values(change) }] : inside;
}

const pairs = JSON.parse(readFileSync(0, 'utf8'));
const answer = pairs.map(([before, after]) => {
  try {
    const diff = fullDiff(before, after);
    return { differences: differences(diff), broadened: diff.permissionsBroadened };
  } catch (error) {
    return { differences: [], broadened: true, error: String(error) }; // the template is invalid
  }
});
process.stdout.write(JSON.stringify(answer));
