// For each list of template pairs: would `cdk diff` fail on broadening, and on destructive?
// The impacts that count as destructive are those of the CDK's command line.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const { fullDiff } = createRequire(import.meta.url)('@aws-cdk/cloudformation-diff');
const DESTRUCTIVE = ['WILL_REPLACE', 'MAY_REPLACE', 'WILL_DESTROY', 'WILL_ORPHAN'];

const answer = JSON.parse(readFileSync(0, 'utf8')).map((stacks) => {
  const diffs = stacks.map(([before, after]) => fullDiff(before, after));
  const changes = diffs.flatMap((diff) => Object.values(diff.resources.changes));
  const counted = changes.filter((one) => (one.oldResourceType ?? one.newResourceType) !== 'AWS::CDK::Metadata');
  return [
    diffs.some((diff) => diff.permissionsBroadened),
    counted.some((one) => DESTRUCTIVE.includes(one.changeImpact)),
  ];
});
process.stdout.write(JSON.stringify(answer));
