/**
 * Every setting, as data: its environment variable, type, default and meaning. `windlass config list`, the
 * docs and the "did you mean" of an unknown name come from this table. Units are in the names.
 */
export type ConfigType = 'string' | 'int' | 'number' | 'bool' | 'list' | 'secret' | 'path';

export interface ConfigKey {
  readonly env: string;
  readonly type: ConfigType;
  readonly fallback: string;
  readonly doc: string;
  /** Of numbers: below it nothing works, or a loop would never rest. Default 0. */
  readonly min?: number;
  /** Of a secret: white space around it means nothing, and is taken off. */
  readonly isUrl?: true;
}

export const CONFIG_KEYS = {
  databaseUrl: {
    env: 'DATABASE_URL',
    type: 'secret',
    isUrl: true,
    fallback: '',
    doc: 'Postgres of your own, postgres://user:password@host:5432/db. Empty: standalone starts an embedded one.',
  },
  redisUrl: {
    env: 'REDIS_URL',
    type: 'secret',
    isUrl: true,
    fallback: '',
    doc: 'Redis or Valkey of your own, redis://host:6379/0. Empty: standalone starts a redis-server it finds on the PATH, else Postgres is the broker.',
  },
  broker: {
    env: 'WINDLASS_BROKER',
    type: 'string',
    fallback: 'auto',
    doc: 'auto, redis or postgres. auto takes REDIS_URL if set, else (standalone only) a private redis-server, else Postgres.',
  },
  brokerPrefix: {
    env: 'WINDLASS_BROKER_PREFIX',
    type: 'string',
    fallback: 'windlass',
    doc: 'Prefix of every key in Redis, and the schema of the queue in Postgres.',
  },
  adminPassword: {
    env: 'WINDLASS_ADMIN_PASSWORD',
    type: 'secret',
    fallback: '',
    doc: 'Password of the first user, admin. Empty: a random one is made and printed once.',
  },
  secretKey: {
    env: 'WINDLASS_SECRET_KEY',
    type: 'secret',
    fallback: '',
    doc: 'Encrypts connections and variables at rest (any 32+ characters). Empty: standalone makes one in the data folder.',
  },

  googleCredentials: {
    env: 'GOOGLE_APPLICATION_CREDENTIALS',
    type: 'secret',
    fallback: '',
    doc: 'Key of Google: a file, or the JSON itself. Given to tasks with a connection of Google that brings no key, and to no others. Empty: ~/.google/credentials/google_credentials.json, else what the machine has.',
  },

  dataFolder: {
    env: 'WINDLASS_DATA_FOLDER',
    type: 'path',
    fallback: '.windlass',
    doc: 'Where standalone keeps the embedded Postgres and its secrets.',
  },
  dagsFolder: { env: 'WINDLASS_DAGS_FOLDER', type: 'path', fallback: 'dags', doc: 'Folder of DAG files.' },
  dagBundles: {
    env: 'WINDLASS_DAG_BUNDLES',
    type: 'string',
    fallback: '',
    doc: 'More sources of DAG files, a JSON list: [{"name", "path"}] for a folder, [{"name", "git", "ref", "subdir", …}] for a git repository.',
  },
  ioConfig: {
    env: 'WINDLASS_IO_CONFIG',
    type: 'path',
    fallback: 'io_config.yaml',
    doc: 'File of connection profiles, as Mage has it. Need not be there.',
  },
  profile: {
    env: 'WINDLASS_PROFILE',
    type: 'string',
    fallback: 'default',
    doc: 'The profile of io_config.yaml that a plain connection id is looked for in.',
  },
  pluginsFolder: { env: 'WINDLASS_PLUGINS_FOLDER', type: 'path', fallback: 'plugins', doc: 'Folder of plugins.' },
  logsFolder: {
    env: 'WINDLASS_LOGS_FOLDER',
    type: 'path',
    fallback: 'logs',
    doc: 'Folder of task logs, shared by workers and web server.',
  },
  scratchFolder: {
    env: 'WINDLASS_SCRATCH_FOLDER',
    type: 'path',
    fallback: '.windlass/scratch',
    doc: 'Files that the tasks of one run pass to each other; shared by all workers.',
  },

  webHost: {
    env: 'WINDLASS_WEB_HOST',
    type: 'string',
    fallback: '127.0.0.1',
    doc: 'Address the web server listens on. Use 0.0.0.0 to serve other machines.',
  },
  webPort: { env: 'WINDLASS_WEB_PORT', type: 'int', fallback: '8080', doc: 'Port of the web server.' },
  baseUrl: {
    env: 'WINDLASS_BASE_URL',
    type: 'string',
    fallback: '',
    doc: 'Address under which people reach the web server, https://windlass.example.com: links in messages begin with it. Empty: http://localhost and its port.',
  },
  assetPreviews: {
    env: 'WINDLASS_ASSET_PREVIEWS',
    type: 'bool',
    fallback: 'true',
    doc: 'Whether the first rows of what tasks write to assets are kept, to be shown on their pages. A setting of workers; false: of no asset.',
  },
  openLineageTo: {
    env: 'WINDLASS_OPENLINEAGE_TO',
    type: 'string',
    fallback: '',
    doc: 'Where events of OpenLineage go: the address of an endpoint (https://lineage.example.com/api/v1/lineage), or a file, one event a line. Empty: nowhere.',
  },
  openLineageApiKey: {
    env: 'WINDLASS_OPENLINEAGE_API_KEY',
    type: 'secret',
    fallback: '',
    doc: 'Sent to the endpoint of OpenLineage as a bearer token.',
  },
  openLineageNamespace: {
    env: 'WINDLASS_OPENLINEAGE_NAMESPACE',
    type: 'string',
    fallback: 'windlass',
    doc: 'The namespace of jobs in events of OpenLineage, and of assets that are no URI.',
  },
  trustedProxies: {
    env: 'WINDLASS_TRUSTED_PROXIES',
    type: 'list',
    fallback: '',
    doc: 'Addresses (or CIDR ranges) of proxies in front of web server and monitor, such as 10.0.0.0/8: their X-Forwarded-For, -Proto and -Host are believed. Empty: nobody is believed.',
  },
  monitorHost: { env: 'WINDLASS_MONITOR_HOST', type: 'string', fallback: '127.0.0.1', doc: 'Address the monitor listens on.' },
  monitorPort: { env: 'WINDLASS_MONITOR_PORT', type: 'int', fallback: '5555', doc: 'Port of the monitor.' },
  sessionTtlMinutes: { env: 'WINDLASS_SESSION_TTL_MINUTES', type: 'int', fallback: '1440', min: 1, doc: 'How long a login lasts.' },

  parallelism: {
    env: 'WINDLASS_PARALLELISM',
    type: 'int',
    fallback: '32',
    min: 1,
    doc: 'Airflow core.parallelism: task instances queued or running at once, per scheduler.',
  },
  maxMapLength: {
    env: 'WINDLASS_MAX_MAP_LENGTH',
    type: 'int',
    fallback: '100000',
    min: 1,
    doc: 'Airflow core.max_map_length: a task that returns a longer list to map over fails. At most 100000.',
  },
  priorityHeadStartMaxMs: {
    env: 'WINDLASS_PRIORITY_HEAD_START_MAX_MS',
    type: 'int',
    fallback: '3600000',
    doc: 'A task of priority weight w goes before others as if it were ready earlier by this much times w / (|w| + 360). 0: first come, first served.',
  },
  defaultTaskRetries: {
    env: 'WINDLASS_DEFAULT_TASK_RETRIES',
    type: 'int',
    fallback: '0',
    doc: 'Airflow core.default_task_retries: retries of a task that says nothing itself.',
  },
  defaultTaskRetryDelayMs: {
    env: 'WINDLASS_DEFAULT_TASK_RETRY_DELAY_MS',
    type: 'int',
    fallback: '300000',
    doc: 'Airflow core.default_task_retry_delay: retryDelay of a task that says nothing itself.',
  },
  maxRetryDelayMs: {
    env: 'WINDLASS_MAX_RETRY_DELAY_MS',
    type: 'int',
    fallback: '86400000',
    doc: 'Airflow core.max_task_retry_delay: no exponential backoff waits longer.',
  },
  leaseTtlMs: {
    env: 'WINDLASS_LEASE_TTL_MS',
    type: 'int',
    fallback: '30000',
    min: 100,
    doc: 'A running attempt not renewed for this long is lost.',
  },
  leaseRenewMs: { env: 'WINDLASS_LEASE_RENEW_MS', type: 'int', fallback: '5000', min: 20, doc: 'How often a worker renews its leases.' },
  leaseGraceMs: {
    env: 'WINDLASS_LEASE_GRACE_MS',
    type: 'int',
    fallback: '5000',
    doc: 'A scheduler waits this long past expiry before it declares an attempt lost.',
  },
  shardLeaseTtlMs: {
    env: 'WINDLASS_SHARD_LEASE_TTL_MS',
    type: 'int',
    fallback: '10000',
    min: 100,
    doc: 'A scheduler that does not renew its shards for this long loses them to another.',
  },
  reringAfterMs: {
    env: 'WINDLASS_RERING_AFTER_MS',
    type: 'int',
    fallback: '10000',
    min: 10,
    doc: 'A queued instance nobody claimed for this long is rung again.',
  },
  serviceHeartbeatMs: {
    env: 'WINDLASS_SERVICE_HEARTBEAT_MS',
    type: 'int',
    fallback: '5000',
    min: 20,
    doc: 'How often each process says that it lives.',
  },

  workerSlots: { env: 'WINDLASS_WORKER_SLOTS', type: 'int', fallback: '8', min: 1, doc: 'Task instances one worker runs at once.' },
  workerQueues: {
    env: 'WINDLASS_WORKER_QUEUES',
    type: 'list',
    fallback: 'default',
    doc: 'Queues a worker listens on, separated by commas.',
  },
  workerDrainMs: {
    env: 'WINDLASS_WORKER_DRAIN_MS',
    type: 'int',
    fallback: '20000',
    doc: 'How long a stopping worker lets its tasks finish before it hands them back.',
  },
  taskKillGraceMs: {
    env: 'WINDLASS_TASK_KILL_GRACE_MS',
    type: 'int',
    fallback: '5000',
    doc: 'Between SIGTERM and SIGKILL of a task process.',
  },
  taskMemoryMb: { env: 'WINDLASS_TASK_MEMORY_MB', type: 'int', fallback: '2048', min: 32, doc: 'Heap limit of one task process.' },
  taskLogMaxMb: { env: 'WINDLASS_TASK_LOG_MAX_MB', type: 'int', fallback: '64', min: 1, doc: 'Log of one attempt is cut after this size.' },
  taskOpenFilesMax: {
    env: 'WINDLASS_TASK_OPEN_FILES_MAX',
    type: 'int',
    fallback: '4096',
    min: 64,
    doc: 'Files and sockets one task process may have open (Linux). Beyond it, opening fails with EMFILE.',
  },
  taskProcessesMax: {
    env: 'WINDLASS_TASK_PROCESSES_MAX',
    type: 'int',
    fallback: '512',
    min: 1,
    doc: 'Processes one task may have running at once (Linux). A task with more of them fails, and all of them are killed.',
  },
  taskProcessDagFilesMax: {
    env: 'WINDLASS_TASK_PROCESS_DAG_FILES_MAX',
    type: 'int',
    fallback: '1000',
    min: 1,
    doc: 'Of how many DAG files one task process may run tasks, one after another, as long as nothing is left of the file before. 1 = each has processes of its own.',
  },
  taskUid: {
    env: 'WINDLASS_TASK_UID',
    type: 'string',
    fallback: '',
    doc: "Numeric uid for task processes when the worker runs as root. Empty: the worker's own.",
  },
  xcomBackend: {
    env: 'WINDLASS_XCOM_BACKEND',
    type: 'string',
    fallback: '',
    doc: 'Where large XComs are kept: a folder that all workers, schedulers and web servers share, as file:///path, or a bucket, as gs://bucket/path or s3://bucket/path. Empty: all in Postgres.',
  },
  xcomBackendConnection: {
    env: 'WINDLASS_XCOM_BACKEND_CONNECTION',
    type: 'secret',
    fallback: '',
    doc: 'How the bucket of WINDLASS_XCOM_BACKEND is reached, written as a connection: aws://key:secret@?region_name=…, or JSON. Empty: the credentials of the machine. Tasks never see it.',
  },
  xcomBackendThresholdBytes: {
    env: 'WINDLASS_XCOM_BACKEND_THRESHOLD_BYTES',
    type: 'int',
    fallback: '262144',
    doc: 'XComs larger than this go to the backend, if there is one; Postgres keeps a reference.',
  },
  xcomBackendMaxBytes: {
    env: 'WINDLASS_XCOM_BACKEND_MAX_BYTES',
    type: 'int',
    fallback: '67108864',
    min: 1,
    doc: 'With a backend: the largest XCom there may be, instead of WINDLASS_XCOM_MAX_BYTES.',
  },
  xcomMaxBytes: {
    env: 'WINDLASS_XCOM_MAX_BYTES',
    type: 'int',
    fallback: '1048576',
    min: 1,
    doc: 'Largest result one task may hand to the next, as JSON text.',
  },

  triggererCapacity: {
    env: 'WINDLASS_TRIGGERER_CAPACITY',
    type: 'int',
    fallback: '10000',
    min: 1,
    doc: 'Airflow triggerer.capacity: waits one triggerer looks after.',
  },
  retentionRunsDays: {
    env: 'WINDLASS_RETENTION_RUNS_DAYS',
    type: 'number',
    fallback: '0',
    doc: 'Runs that ended longer ago are deleted by the schedulers, with all that hangs on them and their logs. 0: never; windlass db clean does it by hand.',
  },
  retentionAuditDays: {
    env: 'WINDLASS_RETENTION_AUDIT_DAYS',
    type: 'number',
    fallback: '365',
    doc: 'How long the audit log is kept. 0: for ever.',
  },
  retentionVersionsDays: {
    env: 'WINDLASS_RETENTION_VERSIONS_DAYS',
    type: 'number',
    fallback: '30',
    doc: 'Versions of DAGs that are not the newest and that no run uses are deleted when they are older, and DAGs without runs that no file has defined for so long. 0: never.',
  },
  retentionAssetEventsDays: {
    env: 'WINDLASS_RETENTION_ASSET_EVENTS_DAYS',
    type: 'number',
    fallback: '90',
    doc: 'Asset events that no run holds are deleted when they are older; the newest of each asset stays while a DAG names the asset. 0: never.',
  },
  retentionEventsDays: {
    env: 'WINDLASS_RETENTION_EVENTS_DAYS',
    type: 'number',
    fallback: '7',
    doc: 'How long an event that was sent to the API is kept for waits that begin later. 0: for ever.',
  },
  retentionLogsDays: {
    env: 'WINDLASS_RETENTION_LOGS_DAYS',
    type: 'number',
    fallback: '0',
    doc: 'Logs of runs to which nothing was added for so long are removed by the workers, also of runs that are kept. 0: never.',
  },
  retentionLogsMaxMb: {
    env: 'WINDLASS_RETENTION_LOGS_MAX_MB',
    type: 'int',
    fallback: '0',
    doc: 'All logs of runs together: above this, those of the runs that were quiet longest are removed. 0: no limit.',
  },
  retentionScratchDays: {
    env: 'WINDLASS_RETENTION_SCRATCH_DAYS',
    type: 'number',
    fallback: '7',
    doc: 'Scratch folders of runs are removed by the workers so long after the run has ended, or was deleted. 0: never.',
  },
  retentionLeftoversDays: {
    env: 'WINDLASS_RETENTION_LEFTOVERS_DAYS',
    type: 'number',
    fallback: '1',
    doc: 'What nothing refers to any more goes after so long: code of deleted DAG versions, processes that ended, sessions that ran out, news for plugins that are gone. 0: never.',
  },

  dagImportTimeoutMs: {
    env: 'WINDLASS_DAG_IMPORT_TIMEOUT_MS',
    type: 'int',
    fallback: '10000',
    min: 100,
    doc: 'A DAG file must be bundled and imported within this time.',
  },
  dagImportMemoryMb: {
    env: 'WINDLASS_DAG_IMPORT_MEMORY_MB',
    type: 'int',
    fallback: '256',
    min: 32,
    doc: 'Heap limit of the process that imports a DAG file.',
  },
  dagScanIntervalMs: {
    env: 'WINDLASS_DAG_SCAN_INTERVAL_MS',
    type: 'int',
    fallback: '30000',
    min: 20,
    doc: 'Full scan of the dags folder, beside the watcher.',
  },
  dagsArePausedAtCreation: {
    env: 'WINDLASS_DAGS_ARE_PAUSED_AT_CREATION',
    type: 'bool',
    fallback: 'true',
    doc: 'Airflow core.dags_are_paused_at_creation: new DAGs start paused.',
  },

  logLevel: { env: 'WINDLASS_LOG_LEVEL', type: 'string', fallback: 'info', doc: 'trace, debug, info, warn, error.' },
  logFormat: { env: 'WINDLASS_LOG_FORMAT', type: 'string', fallback: 'auto', doc: 'json, pretty, or auto (pretty on a terminal).' },
} as const satisfies Record<string, ConfigKey>;

export type ConfigName = keyof typeof CONFIG_KEYS;
