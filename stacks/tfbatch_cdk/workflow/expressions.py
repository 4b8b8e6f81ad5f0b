"""The JSONata expressions of the workflow's states, except those of a shard.

Variables of a run: ``$stage`` (parameters of the stage), ``$request`` (the checked request),
``$run`` (what the functions need of both) and ``$plan`` (the result of Plan). The variables of a
shard are in ``shard_expressions.py``.
"""

REQUEST_OF_FILE = """
(
  $request := $parse($states.result.Body);
  $file := $states.input.request_file;
  $type($request) = 'object' and $not($exists($request.key)) and $exists($file.sequencer)
    ? $merge([$request, {
        'key': 'file-' & $hash($join([$file.bucket, $file.key, $file.sequencer], '/'), 'SHA-256')
      }])
    : $request
)
"""
"""S3 may send an event twice, so a request file without a key gets one of its own for each upload:
both events have the upload's sequencer."""

FILE_NOT_READABLE = """
's3://' & $states.input.request_file.bucket & '/' & $states.input.request_file.key
& ' is not a request: ' & $states.errorOutput.Cause & '. Write a JSON object with the fields of a '
& 'request, as in docs/architecture.md.'
"""

REQUEST = r"""
(
  $in := $type($states.input) = 'object' ? $states.input : {};
  $shown := function($value) {(
    $text := $type($value) = 'string' ? '"' & $value & '"' : $string($value);
    $length($text) > 200 ? $substring($text, 0, 200) & '...' : $text
  )};
  $wrong := %(problems)s;

  $uri := /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(\/(.*))?$/;
  $bucketOf := function($text) { $replace($text, $uri, '$1') };
  $keyOf := function($text) { $replace($text, $uri, '$3') };
  $folderOf := function($text) {(
    $key := $keyOf($text);
    $key = '' or $substring($key, $length($key) - 1) = '/' ? $key : $key & '/'
  )};
  $isManifest := function($text) { $contains($text, /\.manifest$/) };
  $normal := function($text) { 's3://' & $bucketOf($text) & '/' & $folderOf($text) };
  $output := $exists($in.output) ? $in.output
    : 's3://' & $stage.outputBucket & '/' & $states.context.Execution.Name & '/';

  $model := $exists($in.model) ? $in.model : $stage.defaultModel;
  $format := $count($wrong) = 0 ? $lookup($stage.formats, $in.format);
  $payload := $exists($in.max_payload_mb) ? $in.max_payload_mb : $format.maxPayloadInMB;
  $admitted := $count($wrong) = 0 ? $floor(100 / $payload);
  $concurrent := $exists($in.max_concurrent_transforms) ? $in.max_concurrent_transforms
    : $min([$format.maxConcurrentTransforms, $admitted]);
  $problems := $count($wrong) > 0 ? $wrong : [
    $concurrent > $admitted
      ? 'max_concurrent_transforms = ' & $concurrent & ' times a payload of ' & $payload
        & ' MB is more than the 100 MB that SageMaker admits: use at most ' & $admitted
        & ', or a smaller max_payload_mb.',
    $in.format in $keys($lookup($stage.refused, $model))
      ? 'format = ' & $shown($in.format) & ' does not fit the model ' & $shown($model) & ': '
        & $lookup($lookup($stage.refused, $model), $in.format),
    $not($bucketOf($in.input) in $stage.inputBuckets)
      ? 'input = ' & $shown($in.input) & ' is in a bucket that this deployment may not read: use '
        & $join($stage.inputBuckets, ', ') & ', or add it to Stage.input_buckets and deploy.',
    $bucketOf($output) != $stage.outputBucket
      ? 'output = ' & $shown($output) & ' is not in the output bucket: write it as s3://'
        & $stage.outputBucket & '/folder/, or leave it out.'
  ];

  $count($problems) > 0 ? {'problems': $problems} : {
    'problems': $problems,
    'bucket': $bucketOf($in.input),
    'prefix': $isManifest($in.input) ? $keyOf($in.input) : $folderOf($in.input),
    'input': $isManifest($in.input) ? $in.input : $normal($in.input),
    'output': $normal($output),
    'model': $model,
    'format': $in.format,
    'instances': $exists($in.instances) ? $in.instances : null,
    'instance_types': $exists($in.instance_types)
      ? [$map($in.instance_types, function($type) { 'ml.' & $type })] : $stage.instanceTypes,
    'max_payload_mb': $payload,
    'max_concurrent_transforms': $concurrent,
    'batch_strategy': $exists($in.batch_strategy) ? $in.batch_strategy : $format.batchStrategy,
    'environment': $exists($in.environment) ? $in.environment : {},
    'deadline_minutes': $exists($in.deadline_minutes) ? $in.deadline_minutes : null,
    'budget_usd': $exists($in.budget_usd) ? $in.budget_usd : null,
    'max_exceptions': $exists($in.max_exceptions) ? $in.max_exceptions : null,
    'dry_run': $exists($in.dry_run) ? $in.dry_run : false,
    'key': $exists($in.key) ? $in.key : null
  }
)
"""
"""``$request``: ``problems``, with one sentence per wrong field. Without problems it also has the
request with its defaults, and URIs that end in ``/`` (S3 prefixes are strings: without it
``photos`` would include ``photos_old/``)."""

IS_VALID = "$count($request.problems) = 0"

PROBLEMS = "$substring($join($request.problems, ' '), 0, 20000)"
"""Step Functions limits a cause to 32,768 characters."""

RUN = """
{
  'execution': $states.context.Execution.Name,
  'jobs': $stage.jobs
    & $substring(
        $replace($states.context.Execution.Name, /[^A-Za-z0-9]+/, '-'), 0, 41 - $length($stage.jobs)
      )
    & '-' & $substring($hash($states.context.Execution.Id, 'SHA-256'), 0, 8) & '-',
  'arn': $states.context.Execution.Id,
  'input': $request.input,
  'output': $request.output,
  'work': 's3://' & $stage.workBucket & '/executions/' & $states.context.Execution.Name & '/',
  'model': $request.model,
  'format': $request.format,
  'splitType': $lookup($stage.formats, $request.format).splitType,
  'separator': $lookup($stage.formats, $request.format).separator,
  'answers': $lookup($stage.formats, $request.format).answers,
  'joined': $lookup($stage.formats, $request.format).joined,
  'started': $states.context.Execution.StartTime
}
"""
"""``jobs`` begins the names of the run's transform jobs. It has a digest of the execution's ARN,
since executions of two state machines may have one name."""

PRICES = """
(
  $own := $lookup($stage.prices, $stage.region);
  $other := $lookup($stage.prices, $stage.pricesStandingIn);
  $merge([
    {},
    $each($other, function($price, $type) {
      {$type: {
        'usd': $price.usd,
        'of': $price.of = 'settings' ? $price.of
          : $price.of & ' in ' & $stage.pricesStandingIn & ', for there is none of ' & $stage.region
      }}
    }),
    $exists($own) ? $own : {}
  ])
)
"""
"""By instance type: the region's price, else that of the fallback region with a note."""

BUCKET_NOT_READABLE = """
's3://' & $request.bucket & ' can not be read: ' & $states.errorOutput.Error & '. See that the '
& 'bucket exists in ' & $stage.region & ' and that its policy and key admit this deployment.'
"""

BUCKET_IN_OTHER_REGION = """
's3://' & $request.bucket & ' is in ' & $bucketRegion & ' and this deployment in ' & $stage.region
& ': SageMaker reads only its own region. Copy the objects to s3://' & $stage.inputBucket
& '/ (aws s3 sync), or deploy this app to ' & $bucketRegion & ' too.'
"""

IS_BUCKET_IN_REGION = "$bucketRegion = $stage.region"

BUCKET_REGION = "$exists($states.result.BucketRegion) ? $states.result.BucketRegion : $stage.region"

PLAN_EVENT = """
(
  $best := $request.instance_types[0];
  $price := $lookup($prices, $best);
  {
    'run': $run,
    'limits': {
      'objectsPerShard': $stage.objectsPerShard,
      'bytesPerShard': $stage.bytesPerShard,
      'maxPayloadInMB': $request.max_payload_mb,
      'maxConcurrentTransforms': $request.max_concurrent_transforms
    },
    'fleet': {
      'instanceType': $best,
      'instances': $request.instances != null ? $request.instances
        : $request.deadline_minutes != null ? null : $stage.instances,
      'maxInstances': $stage.maxInstances,
      'usdPerHour': $exists($price) ? $price.usd : null,
      'pricesOf': $exists($price) ? $price.of : null,
      'recordsPerSecond': $stage.recordsPerSecond,
      'startMinutes': 4,
      'maxConcurrency': $stage.maxJobs
    },
    'artifact': $lookup($stage.artifacts, $request.model),
    'deadlineMinutes': $request.deadline_minutes,
    'budgetUsd': $request.budget_usd,
    'cursor': $cursor
  }
)
"""

FUNCTION_FAILURE = """
(
  $said := $contains($states.errorOutput.Cause, '"errorMessage"')
    ? $parse($states.errorOutput.Cause).errorMessage : $states.errorOutput.Cause;
  {'error': $states.errorOutput.Error, 'cause': $said}
)
"""
"""A function's exception: Step Functions gives its class as the error, and JSON as the cause."""

DRY_RUN_REPORT = """
$merge([
  {'dry_run': true, 'plan': $plan},
  $sift($request, function($value, $name) { $name in ['input', 'output', 'model', 'format'] })
])
"""

SHARD_INPUT = {
    "shard": "$states.context.Map.Item.Value",
    "run": "$run",
    "plan": "$plan",
    "modelName": "$lookup($stage.models, $request.model)",
    "format": "$merge([$lookup($stage.formats, $request.format), "
    "{'batchStrategy': $request.batch_strategy}])",
    "instanceTypes": "$request.instance_types",
    "environments": "$merge([{}, $each($lookup($stage.environments, $request.model), "
    "function($own, $type) { {$type: $merge([$own, $request.environment])} })])",
    "resources": "$stage.resources",
    "tags": "$append($stage.tags, [{'Key': 'tfbatch:model', 'Value': $request.model}])",
    "rounds": "$stage.rounds",
    "capacityTries": "$stage.capacityTries",
    "capacityWaitSeconds": "$stage.capacityWaitSeconds",
}
"""A shard runs in its own execution, which can't read the parent's variables."""

SHARDS_FAILED = "$exists($states.result.failure) ? ($states.result.failure)[0] : null"
"""Without the parentheses ``[0]`` would take the first failure of each shard."""

SUMMARY_EVENT = """
{
  'run': $run,
  'plan': $plan,
  'stage': $stage.name,
  'usdPerHour': $merge([{}, $each($prices, function($price, $type) { {$type: $price.usd} })]),
  'pricesOf': $count($keys($prices)) = 0 ? null : $join($distinct($prices.*.of), '; '),
  'maxExceptions': $request.max_exceptions
}
"""

FINISHED_EVENT = """
{
  'execution': $states.context.Execution.Name,
  'status': $summary.withinLimit ? 'SUCCEEDED' : 'FAILED',
  'input': $request.input,
  'output': $request.output,
  'model': $request.model,
  'summary': $summary
}
"""

UNBALANCED = """
'Of ' & $string($summary.inputs) & ' inputs, ' & $string($summary.outputs) & ' have an output and '
& $string($summary.exceptions) & ' are exceptions: that does not add up, so ' & $request.output
& 'summary.json must not be trusted. Please report it with ' & $run.work & '.'
"""

UNTOLD = """
'All results are in ' & $request.output & ', with a summary of ' & $string($summary.outputs)
& ' outputs and ' & $string($summary.exceptions) & ' exceptions. Who waits for the end of the run '
& 'was not told: ' & $states.errorOutput.Error & ': ' & $states.errorOutput.Cause
"""

OVER_LIMIT = """
$string($summary.exceptions + $summary.recordErrors) & ' exceptions are more than max_exceptions = '
& $string($request.max_exceptions) & ' allows. They are listed in ' & $request.output
& 'exceptions.jsonl; the other predictions are there and good.'
"""

REPORT = """
{
  'input': $request.input,
  'output': $request.output,
  'model': $request.model,
  'format': $request.format,
  'plan': $plan,
  'summary': $summary
}
"""
