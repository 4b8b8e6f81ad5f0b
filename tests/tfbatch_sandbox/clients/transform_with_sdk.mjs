// A job over images and a state machine with the AWS SDK for JavaScript v3.
//
// Arguments: bucket, role ARN, model.tar.gz, role ARN of state machines.
import assert from "node:assert";
import fs from "node:fs";
import { setTimeout } from "node:timers/promises";
import { GetObjectCommand, HeadObjectCommand, NoSuchKey, paginateListObjectsV2, S3Client } from "@aws-sdk/client-s3";
import { CreateModelCommand, CreateTransformJobCommand, SageMakerClient, waitUntilTransformJobCompletedOrStopped } from "@aws-sdk/client-sagemaker";
import { CreateStateMachineCommand, DescribeExecutionCommand, SFNClient, StartExecutionCommand } from "@aws-sdk/client-sfn";
import { Upload } from "@aws-sdk/lib-storage";

const [bucket, role, artifact, statesRole] = process.argv.slice(2);
const s3 = new S3Client({ forcePathStyle: true });
const sagemaker = new SageMakerClient();

async function upload(key, body) {
  await new Upload({ client: s3, params: { Bucket: bucket, Key: key, Body: body }, partSize: 5 * 2 ** 20 }).done();
}

// 11 MiB in three parts
const large = Buffer.alloc(11 * 2 ** 20, "x");
await upload("js/large", large);
const { ContentLength, ETag } = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: "js/large" }));
assert.strictEqual(ContentLength, large.length);
assert.match(ETag, /-3"$/);
await assert.rejects(s3.send(new GetObjectCommand({ Bucket: bucket, Key: "js/missing" })), NoSuchKey);

await upload("js/model.tar.gz", fs.createReadStream(artifact));
await sagemaker.send(new CreateModelCommand({
  ModelName: "js",
  ExecutionRoleArn: role,
  PrimaryContainer: {
    Image: "763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-inference:2.19-gpu",
    ModelDataUrl: `s3://${bucket}/js/model.tar.gz`,
  },
}));
await sagemaker.send(new CreateTransformJobCommand({
  TransformJobName: "js",
  ModelName: "js",
  TransformInput: {
    DataSource: { S3DataSource: { S3DataType: "S3Prefix", S3Uri: `s3://${bucket}/images/` } },
    ContentType: "application/x-image",
  },
  TransformOutput: { S3OutputPath: `s3://${bucket}/js/output/` },
  TransformResources: { InstanceType: "ml.g5.xlarge", InstanceCount: 1 },
}));
await waitUntilTransformJobCompletedOrStopped({ client: sagemaker, maxWaitTime: 120, minDelay: 1, maxDelay: 1 }, { TransformJobName: "js" });
const classes = {};
for await (const page of paginateListObjectsV2({ client: s3, pageSize: 1 }, { Bucket: bucket, Prefix: "js/output/" })) {
  for (const { Key } of page.Contents ?? []) {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
    classes[Key.split("/").pop()] = JSON.parse(await Body.transformToString()).predictions[0].classes;
  }
}

const sfn = new SFNClient();
const definition = JSON.stringify({
  QueryLanguage: "JSONata",
  StartAt: "Only",
  States: { Only: { Type: "Pass", Output: "{% $sum($states.input) %}", End: true } },
});
const { stateMachineArn } = await sfn.send(new CreateStateMachineCommand({ name: "js", definition, roleArn: statesRole }));
const { executionArn } = await sfn.send(new StartExecutionCommand({ stateMachineArn, input: "[1, 2]" }));
let execution;
do {
  await setTimeout(100);
  execution = await sfn.send(new DescribeExecutionCommand({ executionArn }));
} while (execution.status === "RUNNING");

console.log(JSON.stringify({ classes, sum: execution.output }));
