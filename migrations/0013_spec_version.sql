-- 0013_spec_version: the version of the language in which the spec of a DAG version is written (core/dag-spec.ts); processes of
-- an older Windlass leave what they cannot read to newer ones. Safe for: any version (adds a column with a default).
alter table dag_version add column spec_version int not null default 1;
