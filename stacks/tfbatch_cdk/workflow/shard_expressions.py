"""The JSONata expressions of a shard's states: job names, job requests, failures and polling.

Variables, with other names than those of a run: ``$task`` (the shard's input), ``$round``,
``$rounds`` (the last round), ``$manifest`` (the input of this round), ``$attempt``, ``$type``
(index of the instance type), ``$tries`` (earlier jobs of the round), ``$job`` (the job for
Reconcile), ``$trouble`` (why the last attempt failed), ``$served`` (whether the container of a job
without outputs served). If the workflow polls the job: ``$began`` (time of its creation or of the
request to stop it, in ms), ``$seen`` (time of its last description, in ms), ``$isStarted``,
``$isLeft`` (it was asked to stop), ``$lost`` (why it could not be described).
"""

_IS_UNCREATED = "$trouble.job.status = 'Refused'"
JOB_NAME = (
    f"{_IS_UNCREATED} ? $jobName : $task.run.jobs & $task.shard.shard & '-' & $string($attempt + 1)"
)
"""At most 63 characters: 51 + 5 + 1 + 6. A request that got no job is repeated with the same name:
if the job was created and the answer was lost, no second one does the same work."""
ATTEMPT = f"{_IS_UNCREATED} ? $attempt : $attempt + 1"
IS_THROTTLED = f"($trouble.kind = 'throttled' or $trouble.kind = 'internal' and {_IS_UNCREATED})"

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
"""For the optimized integration ``format.more`` and AMI versions are empty: it may refuse
parameters that it doesn't document."""

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
    : $says(/(respond to|pass the) ping|CannotStart|pull (the )?image|model data|ModelError/)
      ? 'broken'
    : $says(/Internal(ServerError|Failure)|internal error|ServiceUnavailable|Status Code: 5\d\d/)
      or $says(/SdkClientException/) ? 'internal'
    : $isJob or $says(/ResourceInUse/) ? 'partial' : 'refused';
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
"""Classifies a failure by its reason, since AWS uses only two error names. A job whose name is in
use was created before the execution was redriven: what it did counts."""

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
"""``$trouble`` from an error: the job could not be created or, with the optimized integration, did
not complete. The error of a job that ran too long has no details of the job."""

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
"""``$trouble`` from a job's description; only valid if the job is Failed or Stopped."""

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
"""A fifth of the elapsed time until the job starts, then a twentieth. A short job's end is noticed
soon, and a job of hours adds only a few hundred of the 25,000 events of the history."""

BACK_OFF = "1 + $floor((1 + $random()) * $power(2, $throttled - 1))"
"""1, 2, 3 to 4, 5 to 8 … seconds: shards that were throttled together come back one by one, and
eight tries outlast two minutes of throttling."""

CAPACITY_WAIT = "$floor($task.capacityWaitSeconds * (0.75 + $random() / 2))"
"""The wait, and up to a quarter more or less."""

TRIES = "$trouble.job.status = 'Refused' ? $tries : [$tries, $trouble.job]"
"""Adds the failed job, if it was created. JSONata flattens an array in an array constructor."""

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
  'final': $round >= $rounds,
  'cursor': $page
}
"""

_HAS_CONTAINER_DIED = (
    "$round = 1 and $outputs = 0 and $job.status = 'Failed'"
    " and $contains($job.reason, /AlgorithmError/)"
)
"""The container failed and no object was processed. A bad object gives a ClientError instead, even
if it is the only one."""
IS_CONTAINER_BROKEN = f"{_HAS_CONTAINER_DIED} and $served = false"
"""The container never served, so a retry would only cost money. ``$served`` is null if the job's
log doesn't tell; then it is tried once more, like a container that died at work."""
ROUNDS = f"{_HAS_CONTAINER_DIED} ? $min([$rounds, 2]) : $rounds"
"""A container that died before its first output is tried once more. After that, its inputs are
exceptions."""
