"""The workflow's JSONata: what it checks, computes and says, one expression each.

Variables: ``$stage`` is what the deployment fixed (see ``states.py``), ``$request`` what the
execution asked for, made by :data:`REQUEST`.
"""

REQUEST = r"""
(
  $in := $type($states.input) = 'object' ? $states.input : {};
  $uri := /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(\/(.*))?$/;
  $isUri := function($value) { $type($value) = 'string' and $contains($value, $uri) };
  $bucketOf := function($text) { $replace($text, $uri, '$1') };
  $folderOf := function($text) {(
    $key := $replace($text, $uri, '$3');
    $key = '' or $substring($key, $length($key) - 1) = '/' ? $key : $key & '/'
  )};
  $normal := function($text) { 's3://' & $bucketOf($text) & '/' & $folderOf($text) };
  $listed := function($names) { $join($sort($names), ', ') };
  $shown := function($value) { $type($value) = 'string' ? '"' & $value & '"' : $string($value) };
  $isWhole := function($value) { $type($value) = 'number' and $floor($value) = $value };

  $model := $exists($in.model) ? $in.model : $stage.defaultModel;
  $instances := $exists($in.instances) ? $in.instances : $stage.instances;
  $output := $exists($in.output) ? $in.output
    : 's3://' & $stage.outputBucket & '/' & $states.context.Execution.Name & '/';
  $unknown := $filter($keys($in), function($key) { $not($key in $stage.fields) });

  $problems := [
    $exists($in.input)
      ? ($isUri($in.input)
          ? ($not($bucketOf($in.input) in $stage.inputBuckets)
              ? 'input = ' & $shown($in.input) & ' is in a bucket that this deployment may not '
                & 'read: use ' & $listed($stage.inputBuckets)
                & ', or add the bucket to Stage.input_buckets and deploy.')
          : 'input = ' & $shown($in.input) & ' is not an S3 URI: write it as s3://bucket/folder/.')
      : 'input is missing: give it as s3://' & $stage.inputBucket & '/folder/.',
    $not($model in $keys($stage.models))
      ? 'model = ' & $shown($model) & ' is not deployed: use one of '
        & $listed($keys($stage.models)) & '.',
    $exists($in.format)
      ? ($not($in.format in $keys($stage.formats))
          ? 'format = ' & $shown($in.format) & ' is not known: use one of '
            & $listed($keys($stage.formats)) & '.')
      : 'format is missing: use one of ' & $listed($keys($stage.formats)) & '.',
    $not($isWhole($instances) and $instances >= 1 and $instances <= $stage.maxInstances)
      ? 'instances = ' & $shown($instances) & ' is not a whole number from 1 to '
        & $stage.maxInstances & ': ask for fewer, or raise Compute.max_instances and deploy.',
    $not($isUri($output) and $bucketOf($output) = $stage.outputBucket)
      ? 'output = ' & $shown($output) & ' is not a folder of the output bucket: write it as s3://'
        & $stage.outputBucket & '/folder/, or leave it out.',
    $count($unknown) > 0
      ? $listed($unknown) & ': not a field of a request; the fields are '
        & $listed($stage.fields) & '.'
  ];

  $count($problems) > 0 ? {'problems': $problems} : {
    'problems': $problems,
    'bucket': $bucketOf($in.input),
    'prefix': $folderOf($in.input),
    'input': $normal($in.input),
    'output': $normal($output),
    'model': $model,
    'format': $in.format,
    'instances': $instances
  }
)
"""
"""``$request``: ``problems``, one sentence for each wrong field, and, when there is none, the
request with its defaults filled in and its URIs ending in ``/`` (S3 prefixes are strings: without
it ``photos`` would also take ``photos_old/``)."""

IS_VALID = "$count($request.problems) = 0"

PROBLEMS = "$join($request.problems, ' ')"

NOT_READABLE = """
's3://' & $request.bucket & ' can not be read: ' & $states.errorOutput.Error & '. See that the '
& 'bucket exists in ' & $stage.region & ' and that its policy and key admit this deployment.'
"""

ELSEWHERE = """
's3://' & $request.bucket & ' is in ' & $bucketRegion & ' and this deployment in ' & $stage.region
& ': SageMaker reads only its own region. Copy the objects to s3://' & $stage.inputBucket
& '/ (aws s3 sync), or deploy this app to ' & $bucketRegion & ' too.'
"""

IS_HERE = "$bucketRegion = $stage.region"

BUCKET_REGION = "$exists($states.result.BucketRegion) ? $states.result.BucketRegion : $stage.region"

HAS_OBJECTS = """
(
  $isFolderMark := function($object) { $object.Size = 0 and $contains($object.Key, /\\/$/) };
  $states.result.IsTruncated or $count(
    $filter($states.result.Contents, function($object) { $not($isFolderMark($object)) })
  ) > 0
)
"""

EMPTY = """
'Nothing lies under ' & $request.input & ': upload the objects (aws s3 sync photos ' &
$request.input & '), or correct the prefix.'
"""

JOB_NAME = """
(
  $words := $replace($states.context.Execution.Name, /[^A-Za-z0-9]+/, '-');
  'tfbatch-' & $substring($words, 0, 40) & '-'
  & $substring($hash($states.context.Execution.Id, 'SHA-256'), 0, 8)
)
"""

TRANSFORM_JOB = """
(
  $format := $lookup($stage.formats, $request.format);
  {
    'TransformJobName': $jobName,
    'ModelName': $lookup($stage.models, $request.model),
    'BatchStrategy': $format.batchStrategy,
    'MaxConcurrentTransforms': $format.maxConcurrentTransforms,
    'MaxPayloadInMB': $format.maxPayloadInMB,
    'TransformInput': {
      'ContentType': $format.contentType,
      'SplitType': $format.splitType,
      'DataSource': {'S3DataSource': {'S3DataType': 'S3Prefix', 'S3Uri': $request.input}}
    },
    'TransformOutput': {'S3OutputPath': $request.output, 'AssembleWith': 'Line'},
    'TransformResources': {
      'InstanceType': $stage.instanceType,
      'InstanceCount': $request.instances
    },
    'Tags': [{'Key': 'tfbatch:execution', 'Value': $states.context.Execution.Name}]
  }
)
"""
"""Only members that the optimized integration documents; it may refuse others at deployment."""

FAILURE = """
$contains($states.errorOutput.Cause, '"TransformJobStatus"')
  ? (
      $job := $parse($states.errorOutput.Cause);
      {
        'error': 'TransformJobFailed',
        'cause': 'Transform job ' & $jobName & ' ended ' & $job.TransformJobStatus & ': '
          & ($exists($job.FailureReason) ? $job.FailureReason : 'no reason was given.')
          & ' Outputs of the objects that were done are under ' & $request.output
          & '. Its log: aws logs filter-log-events --log-group-name /aws/sagemaker/TransformJobs'
          & ' --log-stream-name-prefix ' & $jobName & '/'
      }
    )
  : {
      'error': 'TransformJobRefused',
      'cause': 'Transform job ' & $jobName & ' was not run: ' & $states.errorOutput.Error & ': '
        & $states.errorOutput.Cause
    }
"""

REPORT = """
{
  'job': $jobName,
  'input': $request.input,
  'output': $request.output,
  'model': $request.model,
  'format': $request.format,
  'instances': $request.instances
}
"""
