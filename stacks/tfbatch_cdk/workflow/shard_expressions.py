"""A shard's JSONata: its jobs' names and requests, what became of them, and why.

Variables, none of which may have the name of a run's: ``$task`` (what the shard was given),
``$round``, ``$manifest`` (what this round reads), ``$attempt``, ``$type`` (the place in the list of
instance types), ``$tries`` (the round's jobs before this one), ``$job`` (the one that Reconcile
looks at), ``$trouble`` (why the last attempt failed). Where the workflow watches the job itself:
``$began`` and ``$seen`` (milliseconds: when the job was made or told to stop, and when it was last
described), ``$isStarted``, ``$isLeft`` (it was told to stop), ``$lost`` (why it could not be
described).
"""

JOB_NAME = """
(
  $words := $replace($task.run.execution, /[^A-Za-z0-9]+/, '-');
  'tfbatch-' & $substring($words, 0, 30) & '-' & $substring($hash($task.run.arn, 'SHA-256'), 0, 8)
  & '-' & $task.shard.shard & '-' & $string($attempt + 1)
)
"""
"""At most 63 characters: 8 + 30 + 1 + 8 + 1 + 5 + 1 + 9. All of a run's begin alike, and no other
run's do: another stage's may have its name, so that a digest of its ARN is part of them."""

TRANSFORM_JOB = """
(
  $last := $round >= $task.rounds and $round > 1;
  $chosen := $task.instanceTypes[$type];
  $merge([$task.format.more, {
    'TransformJobName': $jobName,
    'ModelName': $task.modelName,
    'BatchStrategy': $last ? 'SingleRecord' : $task.format.batchStrategy,
    'MaxConcurrentTransforms': $last ? 1 : $task.plan.maxConcurrentTransforms,
    'MaxPayloadInMB': $task.plan.maxPayloadInMB,
    'Environment': $lookup($task.environments, $chosen),
    'TransformInput': {
      'ContentType': $task.format.contentType,
      'SplitType': $task.format.splitType,
      'DataSource': {'S3DataSource': {'S3DataType': 'ManifestFile', 'S3Uri': $manifest}}
    },
    'TransformOutput': $merge([
      $task.format.output, {'S3OutputPath': $task.shard.output, 'AssembleWith': 'Line'}
    ]),
    'TransformResources': $merge([$lookup($task.resources, $chosen), {
      'InstanceType': $chosen,
      'InstanceCount': $min([$task.plan.instances, $task.shard.objects])
    }]),
    'Tags': $append($task.tags, [
      {'Key': 'tfbatch:execution', 'Value': $task.run.execution},
      {'Key': 'tfbatch:shard', 'Value': $task.shard.shard}
    ])
  }])
)
"""
"""``format.more`` and AMI versions are not there where the optimized integration makes the job: it
may refuse what it doesn't document."""

JOB_DESCRIPTION = """
{
  'name': $states.result.TransformJobName,
  'status': $states.result.TransformJobStatus,
  'reason': null,
  'startedAt': $exists($states.result.TransformStartTime)
    ? $states.result.TransformStartTime : null,
  'endedAt': $exists($states.result.TransformEndTime) ? $states.result.TransformEndTime : null,
  'instanceType': $states.result.TransformResources.InstanceType,
  'instances': $states.result.TransformResources.InstanceCount
}
"""

_CLASSIFY = r"""
  $says := function($pattern) { $contains($reason, $pattern) };
  $kind := $isLate ? 'timeout'
    : $says(/CapacityError|ResourceLimitExceeded|[Ii]nsufficient capacity/) ? 'capacity'
    : $says(/[Tt]hrottl|Rate exceeded|TooManyRequests/) ? 'throttled'
    : $says(/ping health check|CannotStart|pull (the )?image|model data|ModelError/) ? 'broken'
    : $says(/InternalServerError|internal error|ServiceUnavailable/) ? 'internal'
    : $isJob ? 'partial' : 'refused';
  {
    'kind': $kind,
    'reason': $reason,
    'job': {
      'name': $jobName,
      'status': $isJob ? $found.TransformJobStatus : $isLate ? 'Stopped' : 'Refused',
      'reason': $reason,
      'startedAt': $exists($found.TransformStartTime) ? $found.TransformStartTime
        : $isJob or $not($isLate) ? null : $states.context.State.EnteredTime,
      'endedAt': $exists($found.TransformEndTime) ? $found.TransformEndTime
        : $isJob or $not($isLate) ? null : $now(),
      'instanceType': $task.instanceTypes[$type],
      'instances': $min([$task.plan.instances, $task.shard.objects])
    }
  }
"""
"""What failed, told apart by its reason, for AWS gives all of it one of two names."""

FAILURE_OF_ERROR = rf"""
(
  $cause := $states.errorOutput.Cause;
  $isLate := $states.errorOutput.Error = 'States.Timeout';
  $isJob := $contains($cause, '"TransformJobStatus"');
  $found := $isJob ? $parse($cause) : {{}};
  $reason := $not($isJob) ? $states.errorOutput.Error & ': ' & $cause
    : $exists($found.FailureReason) ? $found.FailureReason
    : 'the job ended ' & $found.TransformJobStatus;
{_CLASSIFY}
)
"""
"""Of an error: the job could not be made or, where Step Functions waits for it, did not complete.
A job that ran too long is told nothing of: it cost what it had time for."""

FAILURE_OF_JOB = rf"""
(
  $found := $states.result;
  $isJob := true;
  $isLate := $isLeft;
  $reason := $exists($found.FailureReason) ? $found.FailureReason
    : 'the job ended ' & $found.TransformJobStatus
      & ($isLeft ? ', told so because it ran too long or could not be seen' : '');
{_CLASSIFY}
)
"""
"""Of a job that is described: means something when it has ended Failed or Stopped."""

FAILURE_OF_LOST_JOB = """
{
  'kind': 'lost',
  'reason': $lost & 'It was told to stop: see whether it has.',
  'job': {'name': $jobName}
}
"""

DESCRIBE_ERROR = """
'It can not be described: ' & $states.errorOutput.Error & ': ' & $states.errorOutput.Cause & '. '
"""

POLL_SECONDS = """
$max([1, $min([3600, $floor(($millis() - $began) / ($isStarted ? 20000 : 5000))])])
"""
"""Until it starts, a fifth of the time that has passed, then a twentieth: a job's end is known soon
by its own measure, while a job of hours takes a few hundred events of the history's 25,000."""

TRIES = "$trouble.job.status = 'Refused' ? $tries : [$tries, $trouble.job]"
"""With the job that failed, unless none was made. An array in an array constructor gives its
elements."""

SHARD_FAILURE = """
{
  'failure': {
    'error': $trouble.kind = 'capacity' ? 'NoCapacity'
      : $trouble.kind = 'refused' ? 'TransformJobRefused' : 'TransformJobFailed',
    'cause': 'Shard ' & $task.shard.shard & ', transform job ' & $trouble.job.name & ': '
      & $trouble.reason
      & ($trouble.kind = 'capacity'
          ? ' All of ' & $join($task.instanceTypes, ', ') & ' were tried '
            & $string($task.capacityTries)
            & ' times: name more types in Compute.instance_types, or ask for a quota.'
          : '')
      & ' What was done is under ' & $task.shard.output & '. The log: aws logs filter-log-events'
      & ' --log-group-name /aws/sagemaker/TransformJobs --log-stream-name-prefix '
      & $trouble.job.name & '/'
  }
}
"""

RECONCILE_EVENT = """
{
  'run': $task.run,
  'shard': $task.shard,
  'round': $round,
  'manifest': $manifest,
  'job': $job,
  'tries': $tries,
  'final': $round >= $task.rounds,
  'cursor': $page
}
"""

IS_CONTAINER_BROKEN = (
    "$round = 1 and $outputs = 0 and $job.status = 'Failed'"
    " and $contains($job.reason, /AlgorithmError/)"
)
"""The container's own fault, and not one object done: trying again would only cost. A bad object is
a ClientError, also where it is the shard's only one."""
