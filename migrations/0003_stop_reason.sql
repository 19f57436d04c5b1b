-- 0003_stop_reason: why a run was stopped before its time (dagrunTimeout, failFast) while its teardowns still run; it fails
-- when they have ended. Safe for: 0001's code, which reads none of it and stops runs at once.

alter table dag_run add column stop_reason text;
